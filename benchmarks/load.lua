-- Posts a CIF as a raw body. With VARY set, every request is a crystal never sent before.
local file = io.open(os.getenv("CIF"), "r")
local text = file:read("*a")
file:close()
local vary = os.getenv("VARY") == "1"
local count = tonumber(os.getenv("FIRST") or "0")
local length = tonumber(text:match("_cell_length_a%s+([%d%.]+)"))

wrk.method = os.getenv("METHOD") or "POST"
wrk.headers["Content-Type"] = "text/plain"

function request()
  local body = text
  if vary then
    count = count + 1
    local changed = string.format("_cell_length_a   %.6f", length * (1 + 2e-5 * (count % 5000)))
    body = text:gsub("_cell_length_a%s+[%d%.]+", changed, 1)
    body = body .. "# " .. count .. "\n"
  end
  if wrk.method == "GET" then body = nil end
  return wrk.format(nil, nil, nil, body)
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\n{"rate": %.2f, "p50_ms": %.3f, "p99_ms": %.3f, "requests": %d, "refused": %d, "lost": %d}\n',
    1e6 * summary.requests / summary.duration, latency:percentile(50) / 1000,
    latency:percentile(99) / 1000, summary.requests, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
