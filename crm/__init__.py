"""The workspace shell: settings, addresses, home, navigation, search box."""
