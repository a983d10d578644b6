using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using Helios.Sdk;
using Helios.Sdk.Naming;

namespace Helios.Cli.Options;

/// <summary>Options that take precisions by name.</summary>
internal static class PrecisionOption
{
    /// <summary>Every precision of weights.</summary>
    public static ImmutableArray<Precision> Weights { get; } = [.. Enum.GetValues<Precision>()];

    /// <summary>How a precision is called on the command line.</summary>
    public static string NameOf(Precision precision) => precision.ToString().ToLowerInvariant();

    /// <summary>An option of one precision.</summary>
    /// <param name="name">Name of the option.</param>
    /// <param name="description">What it says in the help.</param>
    /// <param name="accepted">Precisions that can be had.</param>
    public static Option<Precision?> One(string name, string description, ImmutableArray<Precision> accepted) => new(name)
    {
        Description = description,
        HelpName = List(accepted, "|"),
        CustomParser = result => Find(result.Tokens[0].Value, accepted) ?? Refuse<Precision?>(name, result, List(accepted, ", "), NearMiss.Ask(result.Tokens[0].Value, accepted.Select(NameOf))),
    };

    /// <summary>An option of different precisions: <c>fp32,int8</c>.</summary>
    public static Option<ImmutableArray<Precision>?> List(string name, string description, ImmutableArray<Precision> accepted) => new(name)
    {
        Description = description,
        HelpName = "P,...",
        CustomParser = result => ParseList(name, result, accepted),
    };

    private static ImmutableArray<Precision>? ParseList(string name, ArgumentResult result, ImmutableArray<Precision> accepted)
    {
        var found = ImmutableArray.CreateBuilder<Precision>();
        foreach (var part in result.Tokens[0].Value.Split(',', StringSplitOptions.TrimEntries))
        {
            if (Find(part, accepted) is not { } precision || found.Contains(precision))
                return Refuse<ImmutableArray<Precision>?>(name, result, $"different ones of {List(accepted, ", ")} with commas between them");
            found.Add(precision);
        }

        return found.ToImmutable();
    }

    private static T? Refuse<T>(string name, ArgumentResult result, string expected, string suggestion = "")
    {
        result.AddError($"{name} is '{result.Tokens[0].Value}'; expected {expected}.{suggestion}");
        return default;
    }

    private static Precision? Find(string name, ImmutableArray<Precision> accepted)
    {
        foreach (var precision in accepted)
        {
            if (Names.Same(NameOf(precision), name)) return precision;
        }

        return null;
    }

    private static string List(ImmutableArray<Precision> precisions, string separator) => string.Join(separator, precisions.Select(NameOf));
}
