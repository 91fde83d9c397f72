"""What several methods calculate with: antiderivatives, equations undone, roots, eigenvectors, and what is zero."""
