# on node 0
SGLANG_DSV4_FP4_EXPERTS=0 SGLANG_DEEPEP_NUM_MAX_DISPATCH_TOKENS_PER_RANK=128 \
python3 -m sglang.launch_server --trust-remote-code --model-path sgl-project/DeepSeek-V4-Pro-FP8 \
  --tp 16 --dp 16 --enable-dp-attention --moe-a2a-backend deepep --mem-fraction-static 0.88 \
  --cuda-graph-max-bs 128 --max-running-requests 256 \
  --nnodes 2 --node-rank 0 --dist-init-addr <NODE0_IP>:20000 --host 0.0.0.0 --port 30000

# on node 1
SGLANG_DSV4_FP4_EXPERTS=0 SGLANG_DEEPEP_NUM_MAX_DISPATCH_TOKENS_PER_RANK=256 \
python3 -m sglang.launch_server --trust-remote-code --model-path sgl-project/DeepSeek-V4-Pro-FP8 \
  --tp 16 --dp 16 --enable-dp-attention --moe-a2a-backend deepep --mem-fraction-static 0.88 \
  --cuda-graph-max-bs 128 --max-running-requests 256 --stream-output \
  --nnodes 2 --node-rank 1 --dist-init-addr <NODE0_IP>:20000 --host 0.0.0.0 --port 30000
