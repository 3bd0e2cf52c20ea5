"""The engine: a purchase goes in; units, discounts, rewards, tiers and the reasons come out.

Values in, values out: no database, no clock, no chance, no words for people. The same input always gives the same
answer, whatever the order of the lines and however a quantity is split over them. Money is an integer in minor units,
rates are exact decimals, a rule rounds once on the whole amount it works on. It knows nothing of the other rooms:
they map their rows onto its values and store what it answers.
"""
