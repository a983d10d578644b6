namespace Helios.Sdk;

/// <summary>Limits of all operating points, for any objective. Null sets no limit.</summary>
public sealed record ServiceLimits
{
    /// <summary>As <see cref="AdaptationOptions.ConfidenceTarget"/>.</summary>
    public double ConfidenceTarget { get; init; } = 0.7;

    /// <summary>As <see cref="AdaptationOptions.MaxQualityGap"/>.</summary>
    public double? MaxQualityGap { get; init; }

    /// <summary>As <see cref="AdaptationOptions.MinAgreement"/>.</summary>
    public double? MinAgreement { get; init; }

    /// <summary>As <see cref="AdaptationOptions.MaxPointBytes"/>.</summary>
    public long? MaxPointBytes { get; init; }

    /// <summary>As <see cref="AdaptationOptions.MaxJoulesPerToken"/>.</summary>
    public double? MaxJoulesPerToken { get; init; }

    /// <summary>As <see cref="AdaptationOptions.MaxTtft"/>.</summary>
    public TimeSpan? MaxTtft { get; init; }

    /// <summary>The limits of some options.</summary>
    /// <param name="options">The adaptation loop's options.</param>
    public static ServiceLimits Of(AdaptationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new ServiceLimits
        {
            ConfidenceTarget = options.ConfidenceTarget,
            MaxQualityGap = options.MaxQualityGap,
            MinAgreement = options.MinAgreement,
            MaxPointBytes = options.MaxPointBytes,
            MaxJoulesPerToken = options.MaxJoulesPerToken,
            MaxTtft = options.MaxTtft,
        };
    }
}
