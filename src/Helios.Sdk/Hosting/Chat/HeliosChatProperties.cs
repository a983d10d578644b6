using Microsoft.Extensions.AI;

namespace Helios.Sdk;

/// <summary>
/// Keys of <see cref="ChatOptions.AdditionalProperties"/> that <see cref="HeliosChatClient"/> reads, and of the additional properties
/// of responses and updates that it writes. Values are checked strictly; another key that begins with <c>helios.</c>
/// is refused, and all other keys are ignored. Values from JSON (<see cref="System.Text.Json.JsonElement"/>) are accepted.
/// </summary>
public static class HeliosChatProperties
{
    /// <summary>Request: a number, see <see cref="GenerationRequest.MaxQualityGap"/>.</summary>
    public const string MaxQualityGap = "helios.max_quality_gap";

    /// <summary>Request: a boolean, see <see cref="GenerationRequest.FullDepth"/>.</summary>
    public const string FullDepth = "helios.full_depth";

    /// <summary>Request: a string, see <see cref="GenerationRequest.Tenant"/>.</summary>
    public const string Tenant = "helios.tenant";

    /// <summary>Request: a <see cref="RequestPriority"/> or its name, see <see cref="GenerationRequest.Priority"/>.</summary>
    public const string Priority = "helios.priority";

    /// <summary>Update: layers executed for its token, an <see cref="int"/>.</summary>
    public const string ExitDepth = "helios.exit_depth";

    /// <summary>Response: layers executed for each token, an <see cref="IReadOnlyList{T}"/> of <see cref="int"/>.</summary>
    public const string ExitDepths = "helios.exit_depths";

    /// <summary>Response and update: the operating point that served it, an <see cref="Helios.Sdk.OperatingPoint"/>.</summary>
    public const string OperatingPoint = "helios.operating_point";
}
