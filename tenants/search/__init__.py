"""Words as a search compares them: small letters without accents, in whatever script people write.

Pure; rows keep what `vector` makes of them, and a search asks for `wanted`, so letters compare alike on every server.
"""
