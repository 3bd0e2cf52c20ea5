"""What the program did: enrolled and active members, stamps, rewards, returns. Real queries, no figures of its own."""
