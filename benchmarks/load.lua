-- Posts CIFs as raw bodies: that of CIF again and again, or each file of FOLDER once, from number FIRST on.
local function read(path)
  local file = io.open(path, "r")
  if not file then return nil end
  local text = file:read("*a")
  file:close()
  return text
end

local folder = os.getenv("FOLDER")
local text = not folder and assert(read(os.getenv("CIF")))
local threads = {}
number = tonumber(os.getenv("FIRST") or "0") -- of the next file; global, for done() to read

wrk.method = os.getenv("METHOD") or "POST"
wrk.headers["Content-Type"] = "text/plain"

function setup(thread)
  table.insert(threads, thread)
end

function request()
  if folder then
    text = read(folder .. "/" .. number .. ".cif") or text -- load.py tells when they ran out
    number = number + 1
  end
  return wrk.format(nil, nil, nil, wrk.method ~= "GET" and text or nil)
end

-- An answer of status 400 and above is a request, for wrk; it is none that was served.
function done(summary, latency, requests)
  local errors = summary.errors
  local served = summary.requests - errors.status
  io.write(string.format(
    '\n{"rate": %.2f, "p50_ms": %.3f, "p99_ms": %.3f, "served": %d, "refused": %d, "lost": %d, "next": %d}\n',
    1e6 * served / summary.duration, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    served, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    threads[1]:get("number")))
end
