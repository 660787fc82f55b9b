"""What others read of the trail."""
