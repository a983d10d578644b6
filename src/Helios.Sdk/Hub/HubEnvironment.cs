namespace Helios.Sdk.Hub;

/// <summary>The environment variables that Hugging Face's own programs read.</summary>
/// <param name="read">The value of a variable; null or empty where it is not set.</param>
internal sealed class HubEnvironment(Func<string, string?> read)
{
    /// <summary>That of this process.</summary>
    public static HubEnvironment Process { get; } = new(Environment.GetEnvironmentVariable);

    /// <summary><c>HF_ENDPOINT</c>, else the public Hub.</summary>
    public string Endpoint => Value("HF_ENDPOINT") ?? "https://huggingface.co";

    /// <summary><c>HF_HUB_CACHE</c>, else <c>hub</c> in the home folder of Hugging Face.</summary>
    public string CacheFolder => Value("HF_HUB_CACHE") ?? Path.Combine(Home, "hub");

    /// <summary><c>HF_TOKEN</c>, else the file that <c>hf auth login</c> writes; null without either.</summary>
    public string? ReadToken()
    {
        if (Value("HF_TOKEN") is { } token) return token;
        var file = Value("HF_TOKEN_PATH") ?? Path.Combine(Home, "token");
        return File.Exists(file) && File.ReadAllText(file).Trim() is { Length: > 0 } saved ? saved : null;
    }

    /// <summary><c>HF_HOME</c>, else <c>huggingface</c> in the user's cache folder.</summary>
    private string Home => Value("HF_HOME")
        ?? Path.Combine(Value("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"), "huggingface");

    private string? Value(string name) => read(name)?.Trim() is { Length: > 0 } value ? value : null;
}
