"""The 5(4) pair of Tsitouras: seven stages, the last one reused, and a fourth-order dense output for free."""

from __future__ import annotations

from dydt.solvers.tableaus import Tableau

# fmt: off
_B = (
    0.09646076681806522952, 0.01, 0.4798896504144995748, 1.379008574103741893, -3.290069515436080680,
    2.324710524099773982, 0.0,
)

_A = (
    (),
    (0.161,),
    (-0.008480655492356988544, 0.3354806554923569885),
    (2.897153057105493432, -6.359448489975074843, 4.362295432869581411),
    (5.325864828439256604, -11.74888356406282788, 7.495539342889836208, -0.09249506636175524925),
    (
        5.861455442946420029, -12.92096931784710929, 8.159367898576158643, -0.07158497328140099722,
        -0.02826905039406838291,
    ),
    _B[:6],
)

_C = (0.0, 0.161, 0.327, 0.9, 0.9800255409045096857, 1.0, 1.0)

_ERROR = (
    0.001780011052225771443, 0.0008164344596567469032, -0.007880878010261996010, 0.1447110071732629075,
    -0.5823571654525552250, 0.4580821059291869467, -1 / 66,
)

# The paper gives the weights as products with 17 digits. b_2(theta) and b_7(theta) are short decimals, and
# with them the conditions of order four determine the other five; these stand here with their further digits.
_DENSE = (
    (1.0, -2.7637061972748258687, 2.9132554618219126554, -1.0530884977290215572),
    (0.0, 0.1317, -0.2234, 0.1017),
    (0.0, 3.9302962368947515174, -5.9410338721315047357, 2.4906272856512527931),
    (0.0, -12.411077166933677039, 30.338188630282321650, -16.548102889244902718),
    (0.0, 37.509313416511039179, -88.178904894766401078, 47.379521962819281219),
    (0.0, -27.896526289197287789, 65.091894674793671508, -34.870657861496609736),
    (0.0, 1.5, -4.0, 2.5),
)
# fmt: on

TSIT5 = Tableau(
    name="tsit5",
    title="Tsitouras 5(4)",
    order=5,
    a=_A,
    b=_B,
    c=_C,
    error=(_ERROR,),
    error_order=4,
    extra_a=(),
    extra_c=(),
    dense=_DENSE,
    dense_order=4,
    source="Ch. Tsitouras, Runge–Kutta pairs of order 5(4) satisfying only the first column simplifying "
    "assumption, Comput. Math. Appl. 62 (2011) 770–775, doi:10.1016/j.camwa.2011.06.002; "
    "further digits as in OrdinaryDiffEq.jl (Tsit5)",
)
