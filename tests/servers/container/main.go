// The only program in the images of the tests: container WHAT [TEXT]
//
//	serve TEXT   answers HTTP on PORT (8080) with the text
//	sick TEXT    answers with the status 503
//	crash TEXT   writes the text to stderr and exits with 1, two seconds later
//	hungry       needs more and more memory
//	end TEXT     writes the text to stdout and exits
//	sleep        waits until it is stopped
//
// A server also answers /env/NAME, /file/PATH, and /ask/HOST:PORT with the answer of another server. A PUT of a file
// writes it.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	stop := make(chan os.Signal, 1)
	// The first process of a container ignores signals that it does not handle.
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-stop
		os.Exit(0)
	}()
	what, text := argument(1), argument(2)
	switch what {
	case "serve":
		serve(http.StatusOK, text)
	case "sick":
		serve(http.StatusServiceUnavailable, text)
	case "crash":
		fmt.Fprintln(os.Stderr, text)
		// Nomad begins to read the output of a container after its start, and loses that of one that ends at once.
		time.Sleep(2 * time.Second)
		os.Exit(1)
	case "hungry":
		eat()
	case "end":
		fmt.Println(text)
	case "sleep":
		select {}
	default:
		fmt.Fprintf(os.Stderr, "%q is none of serve, sick, crash, hungry, end and sleep\n", what)
		os.Exit(2)
	}
}

func argument(place int) string {
	if place < len(os.Args) {
		return os.Args[place]
	}
	return ""
}

func serve(status int, text string) {
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	http.HandleFunc("/", func(answer http.ResponseWriter, _ *http.Request) {
		answer.WriteHeader(status)
		io.WriteString(answer, text)
	})
	http.HandleFunc("/env/{name}", func(answer http.ResponseWriter, asked *http.Request) {
		io.WriteString(answer, os.Getenv(asked.PathValue("name")))
	})
	http.HandleFunc("/file/{path...}", file)
	http.HandleFunc("/ask/{address}", ask)
	fail(http.ListenAndServe(":"+port, nil))
}

func file(answer http.ResponseWriter, asked *http.Request) {
	path := "/" + asked.PathValue("path")
	var text []byte
	var err error
	if asked.Method == http.MethodPut {
		if text, err = io.ReadAll(asked.Body); err == nil {
			err = os.WriteFile(path, text, 0o600)
		}
	} else {
		text, err = os.ReadFile(path)
	}
	tell(answer, text, err)
}

func ask(answer http.ResponseWriter, asked *http.Request) {
	// Each question opens a connection, because a new rule of a mesh is about new connections.
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	given, err := client.Get("http://" + asked.PathValue("address"))
	if err != nil {
		tell(answer, nil, err)
		return
	}
	defer given.Body.Close()
	text, err := io.ReadAll(given.Body)
	if given.StatusCode != http.StatusOK && err == nil {
		err = fmt.Errorf("%s: %s", given.Status, text)
	}
	tell(answer, text, err)
}

func tell(answer http.ResponseWriter, text []byte, err error) {
	if err != nil {
		http.Error(answer, err.Error(), http.StatusBadGateway)
		return
	}
	answer.Write(text)
}

func eat() {
	var eaten [][]byte
	for {
		more := make([]byte, 8<<20)
		for at := 0; at < len(more); at += 4096 {
			more[at] = 1
		}
		eaten = append(eaten, more)
		time.Sleep(10 * time.Millisecond)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, strings.TrimSpace(err.Error()))
	os.Exit(1)
}
