using System.Globalization;
using System.Text;
using System.Text.Json;
using Helios.Sdk.Checkpoints.Gguf;
using Helios.Sdk.Tests.Checkpoints;
using Helios.Sdk.Tests.Checkpoints.Gguf;
using Helios.Sdk.Tokenization;

namespace Helios.Sdk.Tests.Tokenization;

/// <summary>The tokenizer in the metadata of a GGUF file gives the ids of the <c>tokenizer.json</c> that it was made from.</summary>
public sealed class GgufTokenizerTests
{
    private static readonly string[] Texts =
    [
        "", " ", "Hello, world!", "  two  spaces ", "One day, a clever fox found a shiny key.", "12345 times 6.7", "line\n\nbreak\r\n\tand tab", "naïve café Übergröße", "日本語のテキスト",
        "emoji 🦊👩‍👩‍👧 end", "it's WE'LL they'd", "<s>not special</s>", "\u0301combining", "a\u00a0b\u2003c", "#include <stdio.h>\nint main() { return 0; }",
    ];

    public static TheoryData<string> Rules => [.. new[] { "gpt-2", "smollm", "qwen2", "llama-bpe", "default", "dbrx", "gpt-4o", "tekken", "falcon", "command-r", "olmo", "starcoder" }];

    [Fact]
    public void Byte_level_ids_are_those_of_the_json()
    {
        using var json = JsonDocument.Parse(TestTokenizers.ReadGpt2Json().ToJsonString());
        var model = json.RootElement.GetProperty("model");
        var types = model.GetProperty("vocab").EnumerateObject().ToDictionary(entry => entry.Name, entry => (Id: entry.Value.GetInt32(), Type: 1), StringComparer.Ordinal);
        foreach (var added in json.RootElement.GetProperty("added_tokens").EnumerateArray())
            types[added.GetProperty("content").GetString()!] = (added.GetProperty("id").GetInt32(), added.GetProperty("special").GetBoolean() ? 3 : 4);
        var tokens = types.OrderBy(entry => entry.Value.Id).ToList();
        var writer = GgufWriter.Of(new CheckpointWriter());
        writer.Set("tokenizer.ggml.eos_token_id", types["<|endoftext|>"].Id);
        writer.Set("tokenizer.ggml.tokens", [.. tokens.Select(token => token.Key)]);
        writer.Set("tokenizer.ggml.token_type", [.. tokens.Select(token => token.Value.Type)]);
        writer.Set("tokenizer.ggml.merges", [.. model.GetProperty("merges").EnumerateArray().Select(Merge)]);
        using var folder = writer.Write();
        Compare(TokenizerFiles.Load(folder["model.gguf"]), TestTokenizers.Gpt2);

        static string Merge(JsonElement merge) => merge.ValueKind == JsonValueKind.String ? merge.GetString()! : $"{merge[0].GetString()} {merge[1].GetString()}";
    }

    [Fact]
    public void SentencePiece_ids_are_those_of_the_json_that_it_is_converted_to()
    {
        var folder = TestData.Model("stories260K");
        var pieces = SentencePieces(File.ReadAllBytes(Path.Combine(folder, "tokenizer.model")));
        var writer = GgufWriter.Of(new CheckpointWriter());
        writer.Set("tokenizer.ggml.model", "llama");
        writer.Set("tokenizer.ggml.pre", "default");
        writer.Set("tokenizer.ggml.tokens", [.. pieces.Select(piece => piece.Text)]);
        writer.Set("tokenizer.ggml.scores", [.. pieces.Select(piece => piece.Score)]);
        writer.Set("tokenizer.ggml.token_type", [.. pieces.Select(piece => piece.Type)]);
        writer.Set("tokenizer.ggml.bos_token_id", 1);
        writer.Remove("tokenizer.ggml.merges");
        using var file = writer.Write();
        var (found, expected) = (TokenizerFiles.Load(file["model.gguf"]), TokenizerFiles.Load(folder));
        Compare(found, expected);
        found.StripsLeadingSpace.Should().Be(expected.StripsLeadingSpace);

        writer.Set("tokenizer.ggml.add_bos_token", false);
        File.WriteAllBytes(file["model.gguf"], writer.ToBytes());
        TokenizerFiles.Load(file["model.gguf"]).Encode("Hello").Should().Equal(expected.Encode("Hello", addSpecialTokens: false));
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void A_rule_cuts_text_and_loses_nothing(string rule)
    {
        using var folder = Bytes(writer => writer.Set("tokenizer.ggml.pre", rule)).Write();
        var tokenizer = TokenizerFiles.Load(folder["model.gguf"]);
        foreach (var text in Texts) tokenizer.Decode(tokenizer.Encode(text, addSpecialTokens: false)).Should().Be(rule is "qwen2" or "command-r" or "olmo" ? text.Normalize(NormalizationForm.FormC) : text);
    }

    [Fact]
    public void A_rule_that_is_not_known_is_refused_by_its_name()
    {
        using var folder = Bytes(writer => writer.Set("tokenizer.ggml.pre", "no-such-rule")).Write();
        MustBeRefused(folder, "tokenizer.ggml.pre", "no-such-rule", "llama-bpe");
        File.WriteAllBytes(folder["model.gguf"], Bytes(writer => writer.Remove("tokenizer.ggml.pre")).ToBytes());
        MustBeRefused(folder, "tokenizer.ggml.pre", "missing");
        File.WriteAllBytes(folder["model.gguf"], Bytes(writer => writer.Set("tokenizer.ggml.model", "rwkv")).ToBytes());
        MustBeRefused(folder, "tokenizer.ggml.model", "rwkv");
        File.WriteAllBytes(folder["model.gguf"], Bytes(writer => writer.Set("tokenizer.ggml.token_type", 1, 1)).ToBytes());
        MustBeRefused(folder, "tokenizer.ggml.token_type", "2 values");
    }

    [Fact]
    public void Digits_stand_alone_where_the_rule_says_so()
    {
        // "1" and "2" merge to "12" unless the rule cuts between them.
        int Count(string rule)
        {
            using var folder = Bytes(writer =>
            {
                writer.Set("tokenizer.ggml.pre", rule);
                writer.Set("tokenizer.ggml.merges", ["1 2"]);
            }).Write();
            return TokenizerFiles.Load(folder["model.gguf"]).Encode("12", addSpecialTokens: false).Count;
        }

        (Count("gpt-2"), Count("smollm"), Count("qwen2"), Count("llama-bpe")).Should().Be((1, 2, 2, 1));
    }

    [Fact]
    public void Control_tokens_do_not_come_from_what_a_user_wrote()
    {
        using var folder = Bytes(_ => { }).Write();
        var tokenizer = TokenizerFiles.Load(folder["model.gguf"]);
        const string Text = "<|end|>";
        tokenizer.Encode(Text).Should().Equal(257);
        tokenizer.Encode(Text, [new TextSpan(0, Text.Length)]).Should().NotContain(257).And.HaveCount(Text.Length);
        tokenizer.GetBytes(257).IsEmpty.Should().BeTrue();
    }

    [Fact]
    public void Bos_goes_before_a_text_where_the_file_or_its_rule_says_so()
    {
        IReadOnlyList<int> Encode(Action<GgufWriter> change)
        {
            using var folder = Bytes(writer =>
            {
                writer.Set("tokenizer.ggml.bos_token_id", 257);
                change(writer);
            }).Write();
            return TokenizerFiles.Load(folder["model.gguf"]).Encode("a");
        }

        Encode(_ => { }).Should().HaveCount(1, "GPT-2 has none");
        Encode(writer => writer.Set("tokenizer.ggml.pre", "llama-bpe")).Should().HaveCount(2).And.StartWith(257);
        Encode(writer => writer.Set("tokenizer.ggml.add_bos_token", true)).Should().StartWith(257);
        Encode(writer =>
        {
            writer.Set("tokenizer.ggml.add_eos_token", true);
        }).Should().EndWith(257);
    }

    [Fact]
    public void The_chat_template_is_that_of_the_file()
    {
        using var folder = Bytes(writer =>
        {
            writer.Set("tokenizer.chat_template", "{% for m in messages %}[{{ m.role }}]{{ m.content }}{{ eos_token }}{% endfor %}");
            writer.Set("tokenizer.chat_template.tool_use", "tools: {{ tools | length }}");
        }).Write();
        var template = ChatTemplateRenderer.Load(folder["model.gguf"]);
        using var messages = JsonDocument.Parse("""[{"role":"user","content":"hi <|end|>"}]""");
        using var tools = JsonDocument.Parse("[{},{}]");
        var chat = template.Render(new ChatTemplateInput { Messages = messages.RootElement });
        chat.Text.Should().Be("[user]hi <|end|><|end|>");
        TokenizerFiles.Load(folder["model.gguf"]).Encode(chat.Text, chat.Verbatim).Count(id => id == 257).Should().Be(1);
        template.Render(new ChatTemplateInput { Messages = messages.RootElement, Tools = tools.RootElement }).Text.Should().Be("tools: 2");
    }

    [Fact]
    public void Merges_of_a_vocabulary_of_scores_take_every_cut_in_order()
    {
        string[] tokens = ["a", "b", "ab", "ba", "aba"];
        GgufMerges.Of(tokens, [0, 0, -1, -3, -2]).Should().Equal(("a", "b"), ("ab", "a"), ("a", "ba"), ("b", "a"));
    }

    // 256 byte tokens, one of "12", and a control token.
    private static GgufWriter Bytes(Action<GgufWriter> change)
    {
        var alphabet = Enumerable.Range(33, 94).Concat(Enumerable.Range(161, 12)).Concat(Enumerable.Range(174, 82)).Concat(Enumerable.Range(256, 68)).Select(code => ((char)code).ToString());
        string[] tokens = [.. alphabet, "12", "<|end|>"];
        tokens.Should().HaveCount(258);
        var writer = GgufWriter.Of(new CheckpointWriter());
        writer.Set("tokenizer.ggml.tokens", tokens);
        writer.Set("tokenizer.ggml.token_type", [.. tokens.Select(token => token == "<|end|>" ? 3 : 1)]);
        writer.Set("tokenizer.ggml.eos_token_id", 257);
        change(writer);
        return writer;
    }

    private static void Compare(ITokenizer found, ITokenizer expected)
    {
        foreach (var text in Texts)
        {
            found.Encode(text).Should().Equal(expected.Encode(text), "{0}", text);
            found.Decode(found.Encode(text)).Should().Be(expected.Decode(expected.Encode(text)));
        }

        found.VocabularySize.Should().Be(expected.VocabularySize);
    }

    private static void MustBeRefused(TempFolder folder, params string[] words)
    {
        var load = () => TokenizerFiles.Load(folder["model.gguf"]);
        load.Should().Throw<CheckpointException>().Which.Message.Should().ContainAll(words);
    }

    // Field 1 of the file is a piece: its text, its score, its type.
    private static List<(string Text, float Score, int Type)> SentencePieces(byte[] file)
    {
        var pieces = new List<(string, float, int)>();
        for (var at = 0; at < file.Length;)
        {
            var tag = Number(file, ref at);
            if (tag >> 3 == 1)
            {
                var end = Number(file, ref at);
                end += at;
                var (text, score, type) = ("", 0f, 1);
                while (at < end)
                {
                    var field = Number(file, ref at) >> 3;
                    if (field == 2)
                    {
                        score = BitConverter.ToSingle(file, at);
                        at += 4;
                        continue;
                    }

                    var value = Number(file, ref at);
                    if (field == 3) type = value;
                    if (field != 1) continue;
                    text = Encoding.UTF8.GetString(file, at, value);
                    at += value;
                }

                pieces.Add((text, score, type));
                continue;
            }

            if ((tag & 7) == 2)
            {
                var length = Number(file, ref at);
                at += length;
            }
            else
            {
                throw new FormatException(tag.ToString(CultureInfo.InvariantCulture));
            }
        }

        return pieces;
    }

    private static int Number(byte[] file, ref int at)
    {
        for (int value = 0, shift = 0; ; shift += 7)
        {
            var next = file[at++];
            value |= (next & 127) << shift;
            if (next < 128) return value;
        }
    }
}
