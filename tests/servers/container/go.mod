// The program in the images of the tests.
module eos.test/servers/container

go 1.26.0
