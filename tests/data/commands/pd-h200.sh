#!/bin/bash
# A prefill/decode pair in the shape of the cookbook's template, from its H200 Flash FP8 cell.
export SGLANG_DSV4_FP4_EXPERTS=0
MODEL=sgl-project/DeepSeek-V4-Flash-FP8
IB=${IB_DEVICES:-mlx5_0,mlx5_1}

# prefill
sglang serve --trust-remote-code --model-path $MODEL \
  --tp 4 --dp 4 --enable-dp-attention --moe-a2a-backend deepep \
  --speculative-algo EAGLE --speculative-num-steps 1 \
  --speculative-eagle-topk 1 --speculative-num-draft-tokens 2 \
  --chunked-prefill-size 16384 \
  --disaggregation-mode prefill --disaggregation-transfer-backend mooncake \
  --disaggregation-ib-device "$IB" \
  --host 0.0.0.0 --port 30000 &

# decode
SGLANG_DEEPEP_NUM_MAX_DISPATCH_TOKENS_PER_RANK=256 \
sglang serve --trust-remote-code --model-path $MODEL \
  --tp 4 --dp 4 --enable-dp-attention --moe-a2a-backend deepep \
  --speculative-algo EAGLE --speculative-num-steps 1 \
  --speculative-eagle-topk 1 --speculative-num-draft-tokens 2 \
  --cuda-graph-max-bs 64 --max-running-requests 128 --mem-fraction-static 0.85 \
  --deepep-config '{"normal_dispatch":{"num_sms":96},"normal_combine":{"num_sms":96}}' \
  --disaggregation-mode decode --disaggregation-transfer-backend mooncake \
  --disaggregation-ib-device "$IB" --base-gpu-id 4 \
  --host 0.0.0.0 --port 30001 &

python3 -m sglang_router.launch_router --pd-disaggregation \
  --prefill http://127.0.0.1:30000 8998 --decode http://127.0.0.1:30001 \
  --host 0.0.0.0 --port 8000 --policy round_robin \
  --disable-circuit-breaker --health-check-interval-secs 999999
