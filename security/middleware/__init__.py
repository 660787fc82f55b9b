"""Middleware: headers, context, and the gate for views that carry none."""
