"""One merchant: every room here keeps its rows in that merchant's own schema, and reads no other."""
