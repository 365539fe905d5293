"""The conformance kit: what a vendor's endpoint is sent, what is expected of it, what came."""
