# make demo       a server in a container that answers at 127.0.0.1, and what each client gets from it
# make demo-xml   the demo's answers in full
# make test       all parts, and the main job on Debian 12 and 13 with real clients
# make test-slow  one scenario for each hard subject
# make test-sid   the unit tests and a server on Debian sid, from its archive as it is today
# make image      the container image mailhost/autoconfig (docs/image.md)
# make site       the documentation as a web site, in build/site
BIN := $(CURDIR)/.venv/bin
STEP := @tests/lab/step
DEMO_HTTPS_PORT ?= 8443
DEMO_HTTP_PORT ?= 8080
DEMO_PAGE_PORT ?= 8088
export DEMO_HTTPS_PORT DEMO_HTTP_PORT DEMO_PAGE_PORT
DEMO_ADDRESSES := user@example.test user@corp.test
demo demo-xml demo-down images lint sanity unit chart molecule dns test-slow test-sid test-kubernetes bench bench-many \
	load docs site pictures: export PATH := $(BIN):$(PATH)

.PHONY: venv engine images image demo demo-xml demo-down test test-slow test-sid test-kubernetes lint sanity unit chart \
	molecule dns bench bench-many load docs site pictures clean

venv: .venv/requirements.txt

.venv/requirements.txt: tests/requirements.txt tests/lab/venv.sh
	$(STEP) 'virtual environment .venv' tests/lab/venv.sh .venv tests/requirements.txt

engine:
	$(STEP) 'container engine' tests/lab/engine.sh

images: venv engine
	$(STEP) 'container images' python tests/lab/images.py debian:12 debian:13 evolution kde mail services thunderbird

# CONTAINER_BASE is a Debian 13; none has to be named where an image registry answers.
image:
	$(STEP) 'container image mailhost/autoconfig' docker build --quiet --tag mailhost/autoconfig \
		$(CONTAINER_BASE:%=--build-arg base=%) --file Containerfile .

demo: venv engine
	$(STEP) 'containers: server, name server, certificate authority, mail server' \
		ansible-playbook -i demo/hosts.yml tests/lab/create.yml demo/mail.yml
	$(STEP) 'ansible-playbook site.yml' ansible-playbook -i demo/hosts.yml site.yml
	$(STEP) 'a port for browsers' ansible-playbook -i demo/hosts.yml demo/page.yml
	$(STEP) 'what the clients get' python demo/look.py $(DEMO_ADDRESSES)

demo-xml: venv
	@python demo/ask.py $(DEMO_ADDRESSES)

demo-down: venv
	$(STEP) 'remove the demo' ansible-playbook -i demo/hosts.yml tests/lab/destroy.yml
	@rm -rf .demo

# Two parts at a time, the longest first: a scenario waits much more than it computes.
TEST := molecule lint sanity unit dns chart

test: venv engine
	@echo '== side by side: $(TEST)'
	@SIDE_BY_SIDE=yes $(MAKE) --no-print-directory --keep-going --jobs=2 $(TEST)

$(TEST): export PREFIX = $(if $(SIDE_BY_SIDE),$@)

lint: venv
	$(STEP) 'ruff' sh -c 'ruff check --quiet . && ruff format --quiet --check .'
	$(STEP) 'mypy' mypy --no-error-summary src tests plugins molecule demo docs
	$(STEP) 'yamllint' yamllint --strict .
	$(STEP) 'ansible-lint' ansible-lint --offline --strict
	$(STEP) 'docs/variables.md' python docs/variables.py --check
	$(STEP) 'docs/inventory.md, its schema' env PYTHONPATH=src python docs/inventory.py --check
	$(STEP) 'man page, completion' env PYTHONPATH=src python docs/manual.py --check
	$(STEP) 'schema of the chart' env PYTHONPATH=src python -m docs.chart --check

sanity: venv
	$(STEP) 'sanity tests of the built tarball' tests/sanity.sh

# What needs none of the controller's libraries.
ON_HOSTS := tests/unit --ignore tests/unit/plugins --ignore tests/unit/test_roles.py \
	--ignore tests/unit/inventory/test_keys.py $(addprefix --ignore tests/unit/zones/test_,providers.py servers.py)

# Many of them wait for something that takes its time on purpose.
UNIT := --quiet --numprocesses=3 --dist=worksteal

unit: venv
	$(STEP) 'unit tests, with the libraries of Debian 13' pytest $(UNIT) tests/unit
	$(STEP) 'virtual environment with the libraries of Debian 12' \
		tests/lab/venv.sh .venv-debian12 tests/requirements-debian12.txt
	$(STEP) 'unit tests, with the libraries of Debian 12' \
		.venv-debian12/bin/pytest $(UNIT) $(ON_HOSTS)

chart: venv
	$(STEP) 'Helm' tests/lab/helm.sh
	$(STEP) 'the chart, by the schemas of Kubernetes 1.25 to 1.37' pytest --quiet tests/chart

# Side by side, both are there already: who had to wait for them would begin last.
molecule dns: $(if $(SIDE_BY_SIDE),,venv engine)

molecule:
	$(STEP) 'molecule: Debian 12 and 13, Pebble, real clients' molecule test

dns:
	$(STEP) 'molecule: DNS, on Knot, BIND and PowerDNS' molecule test -s dns

# Two scenarios at a time, the longest first.
SLOW := frontends sources windows certificates samba neighbours image monitor proxies doctor outlook

test-slow: venv engine
	@echo '== side by side: $(SLOW)'
	@SIDE_BY_SIDE=yes $(MAKE) --no-print-directory --keep-going --jobs=2 $(SLOW:%=slow-%)

$(SLOW:%=slow-%): $(if $(SIDE_BY_SIDE),,venv engine)

slow-%: export PATH := $(BIN):$(PATH)
slow-%: export PREFIX = $(patsubst slow-%,%,$(filter slow-%,$@))
slow-certificates: SUBJECT := certificates, on Pebble
slow-doctor: SUBJECT := faults, and what the doctor says
slow-frontends: SUBJECT := front ends behind HAProxy, dns-01
slow-monitor: SUBJECT := the doctor on a timer
slow-neighbours: SUBJECT := beside the sites of others
slow-outlook: SUBJECT := the files for Windows, in Wine and in a hive
slow-proxies: SUBJECT := proxies in front, each by its recipe
slow-samba: SUBJECT := DNS and Group Policy, on Samba domain controllers
slow-sources: SUBJECT := domains from databases and directories
slow-%:
	$(STEP) 'molecule: $(SUBJECT)' molecule test -s $*

slow-windows:
	@tests/windows/run.sh

slow-image:
	$(STEP) 'container images' python tests/lab/images.py compose databases proxies
	@$(MAKE) --no-print-directory image CONTAINER_BASE=autoconfig-lab/base:13
	$(STEP) 'the container image, and its examples of compose files' pytest --quiet tests/image

# The chart on a real Kubernetes of two nodes; the first time it builds that for some minutes. Not part of CI.
test-kubernetes: venv engine
	$(STEP) 'Helm' tests/lab/helm.sh
	$(STEP) 'Kubernetes, of Debian'"'"'s source package' python tests/lab/images.py kubernetes nginx services
	@$(MAKE) --no-print-directory image CONTAINER_BASE=autoconfig-lab/base:13
	$(STEP) 'the chart, on two nodes' pytest --exitfirst --capture=no --verbose tests/kubernetes

# The images are made anew: it is the archive of today that is of interest. Not part of the other tests.
SID := debian:sid libraries:sid

test-sid: venv engine
	@docker image rm --force autoconfig-lab/base:sid $(SID:%=autoconfig-lab/%) >/dev/null 2>&1 || true
	$(STEP) 'container images of Debian sid' python tests/lab/images.py $(SID)
	$(STEP) 'unit tests, with the Python and the libraries of Debian sid' \
		docker run --rm --volume $(CURDIR):/clone:ro --workdir /clone --sysctl net.ipv6.conf.all.disable_ipv6=0 \
			--env PYTHONDONTWRITEBYTECODE=1 --env HYPOTHESIS_STORAGE_DIRECTORY=/tmp/hypothesis autoconfig-lab/libraries:sid \
			python3 -m pytest --quiet -p no:cacheprovider $(ON_HOSTS) \
				--deselect tests/unit/test_cli.py::test_the_virtual_environment_has_the_command
	$(STEP) 'molecule: Debian sid' molecule test -s sid

# Figures; not part of the tests.
bench: venv engine
	$(STEP) 'figures' python tests/bench/bench.py

# Of 10,000 domains; FIGURES=doctor measures that alone.
bench-many: venv engine
	$(STEP) 'figures of 10,000 domains' sh -c 'cd tests && python -m bench.many.figures $(FIGURES)'

# What one client can do to the others; not part of the tests.
load: venv engine
	$(STEP) 'load' sh -c 'cd tests && python -m bench.load'

# What is generated from the roles' argument_specs, the declaration of the inventory's keys, and the
# program's parser.
docs: venv
	$(STEP) 'docs/variables.md' python docs/variables.py
	$(STEP) 'docs/inventory.md, its schema' env PYTHONPATH=src python docs/inventory.py
	$(STEP) 'man page, completion' env PYTHONPATH=src python docs/manual.py
	$(STEP) 'schema of the chart' env PYTHONPATH=src python -m docs.chart

# README.md, docs/ and the roles as a web site in build/site; a link that leads nowhere is an error.
site:
	$(STEP) 'virtual environment .venv-site' tests/lab/venv.sh .venv-site docs/site/requirements.txt
	@rm -rf build/site
	$(STEP) 'build/site' sh -c '.venv-site/bin/python -m docs.website .cache/site && \
		.venv-site/bin/sphinx-build -q -W --keep-going -n -d .cache/site-doctrees -c docs/site .cache/site build/site'

# The page for people, as the program serves it to Chromium.
pictures: venv engine
	$(STEP) 'docs/pictures' env PYTHONPATH=src python docs/pictures.py

clean:
	rm -rf .venv .venv-debian12 .venv-site .demo .cache build *.tar.gz
