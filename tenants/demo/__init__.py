"""Three shops to try everything in: one with real purchases, a bakery and a florist with a few regulars.

May be run again at any time: what is there stays, and nothing is added twice.
"""

from tenants.demo.people import PASSWORD, print_logins
from tenants.demo.sample import SAMPLE, shifted
from tenants.demo.seeding import NotInProduction, seed, seed_if_empty
from tenants.demo.shops import SHOPS

__all__ = [
    "PASSWORD",
    "SAMPLE",
    "SHOPS",
    "NotInProduction",
    "print_logins",
    "seed",
    "seed_if_empty",
    "shifted",
]
