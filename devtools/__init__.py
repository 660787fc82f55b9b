"""What dev.py is made of: set-up, embedded services, processes; standard library only."""
