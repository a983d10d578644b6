using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Helios.Cli.Options;

/// <summary>Options that take biases of token ids: <c>12=-1.5</c>, <c>12=-inf</c>.</summary>
internal static class LogitBias
{
    public static Option<KeyValuePair<int, float>[]> Option(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "ID=B",
        Arity = ArgumentArity.OneOrMore,
        DefaultValueFactory = _ => [],
        CustomParser = Parse,
    };

    /// <summary>What was given last for an id counts.</summary>
    public static Dictionary<int, float> ToDictionary(IEnumerable<KeyValuePair<int, float>>? given)
    {
        var biases = new Dictionary<int, float>();
        foreach (var (id, bias) in given ?? []) biases[id] = bias;
        return biases;
    }

    private static KeyValuePair<int, float>[] Parse(ArgumentResult result)
    {
        var biases = new List<KeyValuePair<int, float>>();
        foreach (var text in result.Tokens.Select(token => token.Value))
        {
            if (TryParse(text, out var bias)) biases.Add(bias);
            else result.AddError($"'{text}' is not a token bias; expected an id and a number from -100 to 100, or -inf to forbid it: 12=-1.5.");
        }

        return [.. biases];
    }

    private static bool TryParse(string text, out KeyValuePair<int, float> bias)
    {
        var split = text.IndexOf('=', StringComparison.Ordinal);
        var value = float.NegativeInfinity;
        var isBias = int.TryParse(text.AsSpan(0, Math.Max(0, split)), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            && (text.AsSpan(split + 1) is "-inf"
                || (float.TryParse(text.AsSpan(split + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out value) && value is >= -100 and <= 100));
        bias = new KeyValuePair<int, float>(id, value);
        return isBias;
    }
}
