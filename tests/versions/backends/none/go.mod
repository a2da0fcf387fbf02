module eos.test/versions/backends/none

go 1.22
