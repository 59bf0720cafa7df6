"""Signing in, by django-allauth: what of it is ours to decide."""
