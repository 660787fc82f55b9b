"""The relationship: appointments, follow-up, messages, campaigns, feedback, leads."""
