namespace AspNetHost;

/// <summary>What is asked of <c>POST /generate</c>.</summary>
internal sealed record Question(string Prompt, int MaxTokens = 64);

/// <summary>What <c>GET /status</c> answers.</summary>
internal sealed record Status(string? Serving, int Running, long MemoryUsedBytes, string? Because);
