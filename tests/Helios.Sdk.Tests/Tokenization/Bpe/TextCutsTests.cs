using System.Text;
using System.Text.Json.Nodes;
using Helios.Sdk.Tests.Tokenization.Oracle;
using Helios.Sdk.Tokenization;
using Helios.Sdk.Tokenization.Bpe;
using Helios.Sdk.Tokenization.Normalizers;

namespace Helios.Sdk.Tests.Tokenization.Bpe;

/// <summary>A long text is encoded part by part, and no part knows of it.</summary>
public class TextCutsTests
{
    public static TheoryData<string> All => [.. OracleJson.Variants.Keys, "gpt2", "stories260K", "tiny-s", "gemma"];

    [Theory]
    [MemberData(nameof(All))]
    public void Parts_have_the_ids_of_the_whole(string name)
    {
        var (whole, cut) = (Tokenizer(name, int.MaxValue), Tokenizer(name, partLength: 1));
        foreach (var text in OracleTexts.Generate(name == "gpt2" ? 1000 : 150, seed: 5, longest: 60))
            cut.Encode(text).Should().Equal(whole.Encode(text), text);
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("stories260K")]
    [InlineData("tiny-s")]
    [InlineData("gemma")]
    public void Parts_of_what_others_wrote_have_the_ids_of_the_whole(string name)
    {
        var random = new Random(6);
        var (whole, cut) = (Tokenizer(name, int.MaxValue), Tokenizer(name, partLength: 1));
        foreach (var text in OracleTexts.Generate(500, seed: 7, longest: 60))
        {
            var ends = Enumerable.Range(0, 4).Select(_ => random.Next(text.Length + 1)).Order().ToArray();
            TextSpan[] said = [new(ends[0], ends[1] - ends[0]), new(ends[2], ends[3] - ends[2])];
            cut.Encode(text, said).Should().Equal(whole.Encode(text, said), text);
        }
    }

    [Theory]
    [InlineData("gpt2", true)]
    [InlineData("tiny-s", true)]
    [InlineData("stories260K", true)]
    [InlineData("gemma", true)]
    [InlineData("llama-3 pattern", true)]
    [InlineData("metaspace, always", true)]
    [InlineData("NFKC", true)]
    [InlineData("strip", true)]
    [InlineData("pattern of one's own", false)]
    [InlineData("added tokens", false)]
    [InlineData("replace a pattern", false)]
    public void Where_a_text_may_be_cut_is_up_to_every_stage(string name, bool cuts)
    {
        var places = new TextCuts(Tokenizer(name, partLength: 3).Parts);
        places.EndOfPart("Once upon a time", 0, 16).Should().Be(cuts ? 4 : 16);
        places.EndOfPart("Once upon a time", 4, 16).Should().Be(cuts ? 9 : 16);
        places.EndOfPart("Once upon a time", 4, 8).Should().Be(8);
        places.EndOfPart("Once, . - upon!", 0, 15).Should().Be(15, "no letter is before a space");
    }

    [Theory]
    [InlineData("word ", 1 << 20)]
    [InlineData("word\nword ", 1 << 20)]
    [InlineData("Once upon a time, 🦙 there was \ud800", 1 << 17)]
    public void A_long_text_that_is_of_no_use_takes_little_memory(string words, int count)
    {
        var text = string.Concat(Enumerable.Repeat(words, count));
        foreach (var tokenizer in (BpeTokenizer[])[TestTokenizers.Gpt2, TestTokenizers.TinyS, TestTokenizers.Stories260K])
        {
            // What is made once, by this code or for it, is no matter of the text.
            tokenizer.EncodeUpTo(100, "once", []);
            tokenizer.EncodeUpTo(100, text, []);
            Allocated(() => tokenizer.EncodeUpTo(100, text, [])).Should().BeLessThan(4096, "its length says enough");
            var merges = new MergeBuffer { Limit = new EncodingLimit(1000, CancellationToken.None) };
            Allocated(() => tokenizer.Encode(text, addSpecialTokens: false, merges)).Should().BeLessThan(1 << 20, "its beginning has too many");
        }
    }

    /// <summary>What every place to cut relies on: what a letter or digit becomes ends with neither white space nor ▁.</summary>
    [Theory]
    [InlineData("NFC")]
    [InlineData("NFD")]
    [InlineData("NFKC")]
    [InlineData("NFKD")]
    [InlineData("Lowercase")]
    public void No_letter_ends_with_a_space_once_it_is_normalized(string form)
    {
        INormalizer normalizer = form == "Lowercase" ? new Lowercase() : new UnicodeForm(composed: form.EndsWith('C'), compatible: form.Contains('K', StringComparison.Ordinal));
        for (var c = '\0'; c < char.MaxValue; c++)
        {
            if (!char.IsLetterOrDigit(c)) continue;
            var end = normalizer.Normalize(c.ToString())[^1];
            (char.IsWhiteSpace(end) || end == '▁').Should().BeFalse($"U+{(int)c:X4} ends with U+{(int)end:X4}");
        }
    }

    private static long Allocated(Action encode)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        encode();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static BpeTokenizer Tokenizer(string name, int partLength) => new(TokenBoundTests.Named(name).Parts with { PartLength = partLength });
}
