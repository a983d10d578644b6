using Microsoft.Extensions.AI;

namespace Helios.Sdk;

/// <summary>Converts an engine to an <see cref="IChatClient"/>, without dependency injection.</summary>
public static class HeliosChatClientExtensions
{
    /// <summary>Returns the engine as a chat client, which does not own it.</summary>
    /// <param name="client">The engine's client.</param>
    /// <param name="modelId">Name of the model that answers if <see cref="ChatOptions.ModelId"/> is null; with null the engine chooses.</param>
    public static IChatClient AsIChatClient(this IHeliosClient client, string? modelId = null) => new HeliosChatClient(client, modelId);
}
