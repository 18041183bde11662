# Two commands do all the set-up: `make run` and `make test`.
.PHONY: run test check

# Builds, makes sample data where the database is empty, and prints the address to open.
run:
	cargo run --release --locked -- serve --sample 20000

# Installs what the tests need where it is missing, starts a private PostgreSQL, and runs everything.
test:
	tests/run

# What an editor would say, in a moment.
check:
	cargo clippy --workspace --all-targets --locked -- -D warnings
