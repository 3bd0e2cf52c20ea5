"""Terms tried on the shop's own past before they are published: cost, liability, who would gain and who would lose.

A preview keeps the draft and the version that it was begun with. It reads purchases and writes only its own rows,
members in the order of their ids, some in each transaction; broken off, it goes on behind the last one.
"""
