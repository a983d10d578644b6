using Microsoft.Extensions.AI;

namespace Helios.Sdk;

/// <summary>From the engine to <see cref="IChatClient"/>, without dependency injection.</summary>
public static class HeliosChatClientExtensions
{
    /// <summary>The engine as a chat client, which does not own it.</summary>
    /// <param name="client">What generates.</param>
    /// <param name="modelId">Name of the model that answers when <see cref="ChatOptions.ModelId"/> names none; null leaves it to the pool.</param>
    public static IChatClient AsIChatClient(this IHeliosClient client, string? modelId = null) => new HeliosChatClient(client, modelId);
}
