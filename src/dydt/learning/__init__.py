"""From data to law: data, parameters, neural laws, continuous networks."""
