// The image's health check: whether the service of the container answers on its default port (http.ports).
const PORTS = [9400, 9401, 9402, 9403, 9404]

const isHealthy = async (port) => (await fetch(`http://127.0.0.1:${port}/healthz`)).ok || Promise.reject()
await Promise.any(PORTS.map(isHealthy)).catch(() => process.exit(1))
