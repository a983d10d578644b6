using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Helios.Sdk.Tokenization;
using Microsoft.ML.Tokenizers;

namespace Helios.Benchmarks.Tokenizing;

/// <summary>Our tokenizers beside Microsoft.ML.Tokenizers: the same texts in turn, in one process, medians of rounds.</summary>
internal static class TokenizerReport
{
    private const int Rounds = 11;
    private const int PieceLength = 4000;
    private const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <param name="file">A file of text; null takes the pages of the documentation.</param>
    public static void Run(string? file)
    {
        var texts = ReadTexts(file).Chunk(PieceLength).Select(piece => new string(piece)).ToList();
        Console.WriteLine($"{texts.Sum(text => (long)text.Length):N0} characters in {texts.Count} pieces; medians of {Rounds} rounds, processor time");
        var gpt2 = ReadGpt2();
        Race("GPT-2", texts, OursOf(gpt2), MicrosoftOf(gpt2));
        var stories = Path.Combine("tests", "data", "models", "stories260K");
        using var model = File.OpenRead(Path.Combine(stories, "tokenizer.model"));
        Race("Llama 2 form", texts, TokenizerFiles.Load(stories), LlamaTokenizer.Create(model, addBeginOfSentence: false, addEndOfSentence: false));
        foreach (var length in new[] { 8_000, 16_000, 32_000 })
            Race($"GPT-2, one word of {length}", [new string('a', length)], OursOf(gpt2), MicrosoftOf(gpt2));
    }

    private static void Race(string name, List<string> texts, ITokenizer ours, Tokenizer microsoft)
    {
        var alike = texts.Count(text => ours.Encode(text, addSpecialTokens: false).SequenceEqual(microsoft.EncodeToIds(text)));
        var (mine, theirs) = (new List<double>(), new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            mine.Add(Seconds(() => texts.Sum(text => ours.Encode(text, addSpecialTokens: false).Count)));
            theirs.Add(Seconds(() => texts.Sum(text => microsoft.EncodeToIds(text).Count)));
        }

        var characters = texts.Sum(text => (long)text.Length);
        var (a, b) = (Median(mine), Median(theirs));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-24} ours {characters / a / 1e6,7:0.00} Mchar/s, Microsoft {characters / b / 1e6,7:0.00} Mchar/s, ratio {b / a:0.00}; ids alike in {alike} of {texts.Count}"));
    }

    private static double Seconds(Func<int> encode)
    {
        using var process = Process.GetCurrentProcess();
        var before = process.TotalProcessorTime;
        encode();
        process.Refresh();
        return (process.TotalProcessorTime - before).TotalSeconds;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static string ReadTexts(string? file)
    {
        if (file is not null) return File.ReadAllText(file);
        var pages = Directory.EnumerateFiles("docs", "*.md", SearchOption.AllDirectories).Append("README.md").Order(StringComparer.Ordinal);
        return string.Concat(pages.Select(File.ReadAllText));
    }

    /// <summary>Without the tokens for runs of white space, which Microsoft's has not.</summary>
    private static JsonNode ReadGpt2()
    {
        using var packed = File.OpenRead(Path.Combine("tests", "data", "tokenizers", "gpt2", "tokenizer.json.gz"));
        using var json = new GZipStream(packed, CompressionMode.Decompress);
        var gpt2 = JsonNode.Parse(json)!;
        var added = gpt2["added_tokens"]!.AsArray();
        while (added.Count > 1) added.RemoveAt(1);
        return gpt2;
    }

    private static ITokenizer OursOf(JsonNode json)
    {
        var folder = Directory.CreateTempSubdirectory("helios-tokenizer-");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "tokenizer.json"), json.ToJsonString(), Encoding.UTF8);
            return TokenizerFiles.Load(folder.FullName);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static Microsoft.ML.Tokenizers.BpeTokenizer MicrosoftOf(JsonNode json)
    {
        var model = json["model"]!;
        var vocabulary = model["vocab"]!.AsObject().Select(token => KeyValuePair.Create(token.Key, token.Value!.GetValue<int>()));
        return Microsoft.ML.Tokenizers.BpeTokenizer.Create(new Microsoft.ML.Tokenizers.BpeOptions(vocabulary)
        {
            Merges = model["merges"]!.AsArray().Select(merge => merge is JsonArray pair ? $"{pair[0]} {pair[1]}" : merge!.GetValue<string>()).ToList(),
            ByteLevel = true,
            PreTokenizer = new RegexPreTokenizer(new Regex(Gpt2Pattern, RegexOptions.Compiled, TimeSpan.FromMinutes(1)), specialTokens: null),
        });
    }
}
