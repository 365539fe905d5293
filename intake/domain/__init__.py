"""Turning what a hotline really sends into a call, pure."""
