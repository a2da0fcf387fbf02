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
// writes it. For a health check by gRPC, it is a service of the name TEXT.
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
	http.HandleFunc("/grpc.health.v1.Health/Check", func(answer http.ResponseWriter, asked *http.Request) {
		health(answer, asked, text, status == http.StatusOK)
	})
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	server := http.Server{Addr: ":" + port, Protocols: protocols}
	fail(server.ListenAndServe())
}

// health answers a question of the health protocol of gRPC about the service with this name, or about the server.
// A message is a length of five bytes and fields: 0x0a, a length and a name; or 0x08 and a status.
func health(answer http.ResponseWriter, asked *http.Request, name string, serves bool) {
	question, _ := io.ReadAll(asked.Body)
	answer.Header().Set("Content-Type", "application/grpc")
	service := ""
	if len(question) > 7 {
		service = string(question[7:])
	}
	if service != "" && service != name {
		answer.Header().Set(http.TrailerPrefix+"Grpc-Status", "5")
		answer.Header().Set(http.TrailerPrefix+"Grpc-Message", "unknown service "+service)
		return
	}
	said := byte(2)
	if serves {
		said = 1
	}
	answer.Write([]byte{0, 0, 0, 0, 2, 8, said})
	answer.Header().Set(http.TrailerPrefix+"Grpc-Status", "0")
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
