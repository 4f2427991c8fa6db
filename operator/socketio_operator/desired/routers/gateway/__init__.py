"""The Gateway API: an HTTPRoute, and what each implementation needs beside it to keep a client on its pod."""
