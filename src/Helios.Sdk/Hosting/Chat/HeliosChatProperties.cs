using Microsoft.Extensions.AI;

namespace Helios.Sdk;

/// <summary>
/// Keys of <see cref="ChatOptions.AdditionalProperties"/> that <see cref="HeliosChatClient"/> takes, and of the additional properties
/// of responses and updates that it gives. Values are checked strictly; a key that begins with <c>helios.</c> and is none of these
/// is refused, others are left to whom they are for. Values that came through JSON (<see cref="System.Text.Json.JsonElement"/>) are taken.
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

    /// <summary>Response and update: what served it, an <see cref="Helios.Sdk.OperatingPoint"/>.</summary>
    public const string OperatingPoint = "helios.operating_point";
}
