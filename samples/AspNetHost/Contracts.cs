namespace AspNetHost;

/// <summary>The body of <c>POST /generate</c>.</summary>
internal sealed record Question(string Prompt, int MaxTokens = 64);

/// <summary>The answer of <c>GET /status</c>.</summary>
internal sealed record Status(string? Serving, int Running, long MemoryUsedBytes, string? Because);
