-- 1,000 histories of 30 of 20,108 items' ids each, top 100
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
local bad = 0
response = function(status) if status ~= 200 then bad = bad + 1 end end
