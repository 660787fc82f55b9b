"""What patients were told, allowed and asked for: notices, consents, rights requests, retention."""
