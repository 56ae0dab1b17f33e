-- 1,000 histories of 30 ids each, top 100. IDS: a file with an id a line. DELAY: milliseconds that a connection rests between two
-- requests, on average (none when not set). Prints the replies by status at the end.
math.randomseed(tonumber(os.getenv("SEED") or "1"))
local ids = {}
for line in io.lines(os.getenv("IDS")) do ids[#ids + 1] = line end
local bodies = {}
for i = 1, 1000 do
  local h = {}
  for j = 1, 30 do h[j] = '"' .. ids[math.random(#ids)] .. '"' end
  bodies[i] = '{"history":[' .. table.concat(h, ",") .. '],"top":100}'
end
local n = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
request = function()
  n = n % 1000 + 1
  return wrk.format(nil, nil, nil, bodies[n])
end
local rest = tonumber(os.getenv("DELAY") or "")
if rest then delay = function() return math.floor(math.random() * 2 * rest + 0.5) end end

local threads = {}
setup = function(thread) threads[#threads + 1] = thread end
busy, failed = 0, 0
response = function(status)
  if status == 503 then busy = busy + 1 elseif status ~= 200 then failed = failed + 1 end
end
done = function(summary)
  local busy, failed = 0, 0
  for _, thread in ipairs(threads) do busy, failed = busy + thread:get("busy"), failed + thread:get("failed") end
  local errors = summary.errors
  print(string.format("Replies: %d, 503: %d, other: %d, broken: %d", summary.requests, busy, failed,
    errors.connect + errors.read + errors.write + errors.timeout))
end
