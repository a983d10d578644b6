using System.Text.Json;

namespace Helios.Backends.Testing.Support;

/// <summary>Checkpoints of other families, with what transformers computes with them; in <c>tests/data/families</c>.</summary>
public static class Goldens
{
    /// <summary>Their folders by name.</summary>
    public static IReadOnlyDictionary<string, string> Folders { get; } = Directory.GetDirectories(Path.Combine(FindRoot(), "tests", "data", "families"))
        .Order(StringComparer.Ordinal).ToDictionary(folder => Path.GetFileName(folder), StringComparer.Ordinal);

    /// <summary>The sequences of a folder.</summary>
    public static IReadOnlyList<GoldenCase> Read(string folder)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "golden.json")));
        return [.. document.RootElement.GetProperty("cases").EnumerateArray().Select(Read)];
    }

    private static GoldenCase Read(JsonElement element) => new(
        Ids(element.GetProperty("ids")),
        ByDepth(element.GetProperty("nll"), nll => nll.GetDouble()),
        ByDepth(element.GetProperty("top"), top => new GoldenLogits(Ids(top.GetProperty("ids")), [.. top.GetProperty("logits").EnumerateArray().Select(logit => logit.GetDouble())])),
        element.TryGetProperty("greedy", out var greedy)
            ? ByDepth(greedy, answer => new GoldenAnswer(Ids(answer.GetProperty("ids")), answer.GetProperty("minGap").GetDouble()))
            : new Dictionary<int, GoldenAnswer>());

    private static int[] Ids(JsonElement list) => [.. list.EnumerateArray().Select(id => id.GetInt32())];

    private static Dictionary<int, T> ByDepth<T>(JsonElement element, Func<JsonElement, T> read) =>
        element.EnumerateObject().ToDictionary(member => int.Parse(member.Name, System.Globalization.CultureInfo.InvariantCulture), member => read(member.Value));

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Helios.Sdk.sln"))) return folder.FullName;
        }

        throw new DirectoryNotFoundException($"No Helios.Sdk.sln above {AppContext.BaseDirectory}.");
    }
}

/// <summary>What a reference says of a sequence.</summary>
/// <param name="Ids">The sequence.</param>
/// <param name="Nll">By depth, the sum of -ln p of each next id.</param>
/// <param name="Top">By depth, the best logits after the last position.</param>
/// <param name="Greedy">By depth, the ids that follow.</param>
public sealed record GoldenCase(int[] Ids, IReadOnlyDictionary<int, double> Nll, IReadOnlyDictionary<int, GoldenLogits> Top, IReadOnlyDictionary<int, GoldenAnswer> Greedy);

/// <summary>The best logits, in descending order.</summary>
public sealed record GoldenLogits(int[] Ids, double[] Logits);

/// <summary>Greedy ids.</summary>
/// <param name="Ids">The ids.</param>
/// <param name="MinGap">Least distance between the best two logits on the way.</param>
public sealed record GoldenAnswer(int[] Ids, double MinGap);
