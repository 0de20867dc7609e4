// Go's own client as its documentation has it: gauges with labels, served by promhttp.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

func main() {
	customers, _ := strconv.Atoi(os.Args[1])
	families, _ := strconv.Atoi(os.Args[2])
	registry := prometheus.NewRegistry()
	for family := 0; family < families; family++ {
		options := prometheus.GaugeOpts{Name: fmt.Sprintf("sendgrid_family_%d", family), Help: "A number of a customer."}
		gauge := prometheus.NewGaugeVec(options, []string{"customer", "source"})
		registry.MustRegister(gauge)
		for number := 0; number < customers; number++ {
			gauge.WithLabelValues(fmt.Sprintf("customer-%d", number), "acme").Set(float64(family*1000003 + number*7919))
		}
	}
	http.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	panic(http.Serve(listener, nil))
}
