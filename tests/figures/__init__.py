"""What Samsyn costs, measured: `make figures`. The tests assert the same with the same functions."""
