using System.Text;
using Helios.Sdk.MicrosoftTokenizers.SentencePiece;
using Helios.Sdk.Tokenization;
using Helios.Sdk.Tokenization.Bpe;
using Helios.Sdk.Tokenization.Normalizers;
using Microsoft.Extensions.DependencyInjection;

namespace Helios.Sdk.MicrosoftTokenizers.Tests;

/// <summary>A folder that holds only <c>tokenizer.model</c> gives what its <c>tokenizer.json</c> gives.</summary>
public sealed class SentencePieceTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Ids_text_and_bytes_are_those_of_its_tokenizer_json()
    {
        var converted = TokenizerFiles.Load(TestData.Model("stories260K"));
        var tokenizer = Load("stories260K");

        tokenizer.VocabularySize.Should().Be(converted.VocabularySize);
        tokenizer.StripsLeadingSpace.Should().Be(converted.StripsLeadingSpace);
        for (var id = 0; id < tokenizer.VocabularySize; id++) tokenizer.GetBytes(id).ToArray().Should().Equal(converted.GetBytes(id).ToArray());
        foreach (var text in OracleTexts.Generate(4000, seed: 4))
        {
            var ids = tokenizer.Encode(text);
            if (!ids.SequenceEqual(converted.Encode(text))) ids.Should().Equal(converted.Encode(text), "this is {0}", text);
            tokenizer.Decode(ids).Should().Be(converted.Decode(ids));
            Stream(tokenizer, ids).Should().Be(Stream(converted, ids));
        }
    }

    [Fact]
    public void A_long_text_has_the_ids_of_the_whole_part_by_part()
    {
        var parts = ((BpeTokenizer)Load("stories260K")).Parts;
        var (whole, cut) = (new BpeTokenizer(parts with { PartLength = int.MaxValue }), new BpeTokenizer(parts with { PartLength = 1 }));
        foreach (var text in OracleTexts.Generate(1000, seed: 5, longest: 60))
        {
            cut.Encode(text).Should().Equal(whole.Encode(text), text);
            whole.CountAtLeast(text).Should().BeLessThanOrEqualTo(whole.Encode(text).Count);
        }

        new TextCuts(parts with { PartLength = 1 }).EndOfPart("Once upon", 0, 9).Should().Be(4);
        whole.CountAtLeast(new string('x', 10_000)).Should().BeGreaterThan(100);
    }

    [Theory]
    [InlineData("  a b   ", 3)]
    [InlineData("a    b c", 1)]
    [InlineData("a    b c", 6)]
    [InlineData("a   ", 1)]
    public void Spaces_are_taken_from_the_ends_of_the_whole_alone(string text, int cut)
    {
        var spaces = new ExtraSpaces();
        (spaces.Normalize(text[..cut], TextEnds.Start) + spaces.Normalize(text[cut..], TextEnds.End)).Should().Be(spaces.Normalize(text));
    }

    [Fact]
    public void Parts_that_others_wrote_make_no_special_token()
    {
        var converted = TokenizerFiles.Load(TestData.Model("stories260K"));
        var tokenizer = Load("stories260K");
        foreach (var text in new[] { "</s>", "a</s>b", "a <s> <unk></s>", "<s" })
        {
            var all = new[] { new TextSpan(0, text.Length) };
            tokenizer.Encode(text, all, addSpecialTokens: false).Should().Equal(converted.Encode(text, all, addSpecialTokens: false)).And.NotContain(id => id < 3);
        }
    }

    /// <summary>One word: each of them is cut where it stands, without going one deeper.</summary>
    [Fact]
    public void Any_number_of_special_tokens_in_what_others_wrote_is_letters()
    {
        const int many = 20_000;
        File.WriteAllBytes(folder["tokenizer.model"], SentencePieceBytes.Of(
            ("<unk>", 2), ("<s>", 3), ("</s>", 3), ("▁", 1), ("<", 1), ("s", 1), (">", 1), ("/", 1), ("<s", 1), ("s>", 1), ("</", 1)));
        var text = string.Concat(Enumerable.Repeat("</s><s>", many));

        var ids = new MicrosoftTokenizerFactory().TryLoad(folder.Path)!.Encode(text, [new TextSpan(0, text.Length)], addSpecialTokens: false);

        ids.Should().NotContain(id => id < 3).And.HaveCountGreaterThan(4 * many);
    }

    [Fact]
    public async Task An_engine_streams_what_it_streams_with_the_tokenizer_json()
    {
        Copy("stories260K", "config.json", "model.safetensors", "tokenizer.model");
        var bare = await Stream(folder.Path);

        bare.Should().Equal(await Stream(TestData.Model("stories260K")));
        string.Concat(bare).Should().NotBeEmpty();
    }

    [Fact]
    public async Task It_is_found_in_a_container()
    {
        Copy("stories260K", "config.json", "model.safetensors", "tokenizer.model");
        var services = new ServiceCollection();
        services.AddHelios(helios => helios.AddModel(folder.Path, "bare").UseCpu().UseMemoryBudget(64 << 20).ServeFixed().UseMicrosoftTokenizers());
        await using var provider = services.BuildServiceProvider();

        provider.GetRequiredService<HeliosEngine>().TokenizerOf("bare").Encode("Once").Should().NotBeEmpty();
    }

    [Fact]
    public void A_folder_with_a_tokenizer_json_is_left_to_the_engine()
    {
        new MicrosoftTokenizerFactory().TryLoad(TestData.Model("stories260K")).Should().BeNull();
        new MicrosoftTokenizerFactory().TryLoad(folder.Path).Should().BeNull("there is nothing to read");
        new MicrosoftTokenizerFactory().TryLoad(folder["nowhere"]).Should().BeNull();
    }

    [Fact]
    public void The_config_says_what_goes_around_a_text_and_adds_tokens()
    {
        Copy("stories260K", "tokenizer.model");
        File.WriteAllText(folder["tokenizer_config.json"], """
            { "add_bos_token": false, "add_eos_token": true, "eos_token": "<|end|>", "added_tokens_decoder": { "512": { "content": "<|end|>", "special": true } } }
            """);
        var tokenizer = new MicrosoftTokenizerFactory().TryLoad(folder.Path)!;

        tokenizer.VocabularySize.Should().Be(513);
        tokenizer.Encode("a<|end|>").Should().EndWith([512, 512]).And.NotContain(1);
        tokenizer.Decode([512]).Should().BeEmpty();
        tokenizer.Fingerprint.Should().NotBe(Load("stories260K").Fingerprint);
    }

    [Fact]
    public void Characters_of_two_units_are_pieces_and_what_is_no_piece_is_unknown_once()
    {
        File.WriteAllBytes(folder["tokenizer.model"], SentencePieceBytes.Of(
            ("<unk>", 2), ("<s>", 3), ("</s>", 3), ("▁", 1), ("😀", 1), ("a", 1), ("▁😀", 1), ("▁😀a", 1), ("<", 1), ("s", 1), (">", 1), ("<s", 1), ("tool", 4)));
        var tokenizer = new MicrosoftTokenizerFactory().TryLoad(folder.Path)!;

        tokenizer.Encode("😀a", addSpecialTokens: false).Should().Equal(7);
        tokenizer.Encode("a😀", addSpecialTokens: false).Should().Equal(3, 5, 4);
        tokenizer.Encode("éèa", addSpecialTokens: false).Should().Equal(3, 0, 5);
        tokenizer.Encode("atool", addSpecialTokens: false).Should().Equal(3, 5, 12);
        tokenizer.Encode("<s>", [new TextSpan(0, 3)], addSpecialTokens: false).Should().NotContain(1).And.Contain(9);
    }

    [Fact]
    public void Pieces_that_reach_over_a_space_leave_the_text_whole()
    {
        File.WriteAllBytes(folder["tokenizer.model"], SentencePieceBytes.Of(("<unk>", 2), ("<s>", 3), ("</s>", 3), ("▁", 1), ("a", 1), ("b", 1), ("a▁", 1), ("a▁b", 1)));
        new MicrosoftTokenizerFactory().TryLoad(folder.Path)!.Encode("a b", addSpecialTokens: false).Should().Equal(3, 7);
    }

    [Theory]
    [InlineData(1, 0, "*trainer_spec.model_type is 1; expected 2, BPE*")]
    [InlineData(2, 2, "*normalizer_spec.precompiled_charsmap is there*")]
    public void What_is_not_supported_is_refused_with_its_field(int modelType, int mapBytes, string message)
    {
        File.WriteAllBytes(folder["tokenizer.model"], SentencePieceBytes.Of(modelType, mapBytes, ("<unk>", 2), ("a", 1)));
        var load = () => new MicrosoftTokenizerFactory().TryLoad(folder.Path);
        load.Should().Throw<CheckpointException>().WithMessage("*tokenizer.model" + message);
    }

    [Fact]
    public void Hostile_files_are_refused()
    {
        var whole = File.ReadAllBytes(Path.Combine(TestData.Model("stories260K"), "tokenizer.model"));
        byte[][] files = [[], [0xFF], whole[..1000], [.. whole, 0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], SentencePieceBytes.Of(("a", 1), ("a", 1)), SentencePieceBytes.Of(("", 1))];
        foreach (var file in files)
        {
            File.WriteAllBytes(folder["tokenizer.model"], file);
            var load = () => new MicrosoftTokenizerFactory().TryLoad(folder.Path);
            load.Should().Throw<CheckpointException>().WithMessage("*tokenizer.model*");
        }
    }

    /// <summary>Cut anywhere and changed anywhere: a tokenizer, or a refusal that names the file.</summary>
    [Fact]
    public void Damaged_files_never_fail_in_another_way()
    {
        var whole = File.ReadAllBytes(Path.Combine(TestData.Model("stories260K"), "tokenizer.model"));
        var random = new Random(5);
        for (var i = 0; i < 300; i++)
        {
            var file = whole[..(i % 2 == 0 ? whole.Length : random.Next(whole.Length))];
            for (var changes = random.Next(4); changes > 0 && file.Length > 0; changes--) file[random.Next(file.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(folder["tokenizer.model"], file);
            try
            {
                new MicrosoftTokenizerFactory().TryLoad(folder.Path)?.Encode("Once upon a <s> time 😀");
            }
            catch (CheckpointException e)
            {
                e.Message.Should().Contain("tokenizer.model");
            }
        }
    }

    private ITokenizer Load(string model)
    {
        using var bare = new TempFolder();
        File.Copy(Path.Combine(TestData.Model(model), "tokenizer.model"), bare["tokenizer.model"]);
        return new MicrosoftTokenizerFactory().TryLoad(bare.Path)!;
    }

    private void Copy(string model, params string[] files)
    {
        foreach (var file in files) File.Copy(Path.Combine(TestData.Model(model), file), folder[file]);
    }

    private static async Task<List<string>> Stream(string model)
    {
        await using var engine = HeliosEngine.CreateBuilder().AddModel(model, "m").UseCpu().UseMemoryBudget(64 << 20).ServeFixed().UseMicrosoftTokenizers().Build();
        var pieces = new List<string>();
        await foreach (var update in engine.StreamAsync(GenerationRequest.FromText("Once upon a time") with { MaxTokens = 40 })) pieces.Add(update.Text);
        return pieces;
    }

    /// <summary>The text as it comes token by token, and where it is cut.</summary>
    private static string Stream(ITokenizer tokenizer, IEnumerable<int> ids)
    {
        var decoder = Encoding.UTF8.GetDecoder();
        var text = new StringBuilder();
        var characters = new char[4096];
        foreach (var id in ids) text.Append(characters, 0, decoder.GetChars(tokenizer.GetBytes(id), characters, flush: false)).Append('|');
        return text.ToString();
    }
}
