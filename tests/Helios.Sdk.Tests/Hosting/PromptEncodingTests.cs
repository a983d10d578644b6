using System.Text.Json.Nodes;
using Helios.Sdk.Models;
using Helios.Sdk.Testing;
using Helios.Sdk.Tests.Checkpoints;
using Helios.Sdk.Tests.Hosting.Chat;
using Helios.Sdk.Tokenization;

namespace Helios.Sdk.Tests.Hosting;

/// <summary>Prompts are encoded before they are queued: checked, bounded, off the caller's thread where they are long, and off the device thread always.</summary>
public class PromptEncodingTests
{
    private static readonly string Long = string.Concat(Enumerable.Repeat("Once upon a time. ", 400));

    [Fact]
    public async Task An_added_token_beyond_the_vocabulary_is_refused_and_nobody_else_notices()
    {
        using var folder = ChatFolders.Create(template: null);
        AddToken(folder.Path, "<extra>", 5000);
        await using var engine = TestEngine.Build(builder => builder.AddModel(folder.Path, "extra").ServeFixed());
        var others = Enumerable.Range(0, 4).Select(i => engine.AskAsync(EventLog.Request(i) with { MaxTokens = 60 })).ToList();

        foreach (var samples in (int[])[1, 2])
        {
            var ask = () => engine.Engine.GenerateAsync(GenerationRequest.FromText("Once <extra> upon") with { MaxTokens = 4 }, samples).WaitAsync(TestEngine.Patience);
            await ask.Should().ThrowAsync<ArgumentException>().WithMessage("Prompt is encoded with token 5000; expected an id of 'extra', 0 to 4095.*");
        }

        (await Task.WhenAll(others)).Should().OnlyContain(answer => answer.TokenIds.Count == 60);
        engine.MustBeIdle();
    }

    [Fact]
    public async Task A_long_prompt_does_not_hold_its_caller_up_and_is_given_up_when_that_leaves()
    {
        using var slow = new SlowTokenizers();
        await using var engine = TestEngine.Build(builder => builder.AddModel(TestData.Model("tiny-s")).ServeFixed().UseStrategy<ITokenizerFactory>(() => slow));
        await engine.Engine.Ready.WaitAsync(TestEngine.Patience);
        using var leaving = new CancellationTokenSource();

        var answer = engine.Engine.GenerateAsync(GenerationRequest.FromText(Long), leaving.Token);
        slow.Begun.Wait(TestEngine.Patience).Should().BeTrue();
        slow.Thread.Should().NotBe(Environment.CurrentManagedThreadId);
        (await engine.AskAsync(EventLog.Request(0))).TokenIds.Should().HaveCount(8, "the others go on meanwhile");
        await leaving.CancelAsync();

        await answer.Awaiting(late => late.WaitAsync(TestEngine.Patience)).Should().ThrowAsync<OperationCanceledException>();
        slow.Go.Set();
        engine.MustBeIdle();
    }

    [Fact]
    public async Task A_prompt_that_passes_the_context_is_refused_without_being_encoded_to_its_end()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s");
        foreach (var prompt in (string[])[new string('a', 1_000_000), new string(' ', 1_000_000), Long])
        {
            var ask = () => engine.AskAsync(GenerationRequest.FromText(prompt));
            await ask.Should().ThrowAsync<ArgumentException>().WithMessage("Prompt is more than 256 tokens; expected fewer than 256, the context of 'tiny-s', for an answer to fit.*");
        }
    }

    [Fact]
    public async Task A_prompt_whose_length_shows_that_it_passes_the_context_is_not_encoded()
    {
        using var slow = new SlowTokenizers { AtLeast = 257 };
        await using var engine = TestEngine.Build(builder => builder.AddModel(TestData.Model("tiny-s")).ServeFixed().UseStrategy<ITokenizerFactory>(() => slow));
        await engine.Engine.Ready.WaitAsync(TestEngine.Patience);
        var ask = () => engine.AskAsync(GenerationRequest.FromText(Long));
        await ask.Should().ThrowAsync<ArgumentException>().WithMessage("Prompt is more than 256 tokens; expected fewer than 256*");
        slow.Begun.IsSet.Should().BeFalse();
    }

    [Fact]
    public async Task Long_prompts_wait_for_their_turn_and_what_waits_is_bounded()
    {
        using var slow = new SlowTokenizers();
        await using var engine = TestEngine.Build(builder => builder.AddModel(TestData.Model("tiny-s")).ServeFixed().UseStrategy<ITokenizerFactory>(() => slow)
            .Configure(options => options.Serving.MaxEncodingBytes = 64 * 1024));
        await engine.Engine.Ready.WaitAsync(TestEngine.Patience);

        // One takes all there is, sixteen wait.
        var asked = Enumerable.Range(0, 17).Select(_ => engine.AskAsync(GenerationRequest.FromText(Long))).ToList();
        slow.Begun.Wait(TestEngine.Patience).Should().BeTrue();
        engine.Snapshot.EncodingBytes.Should().Be(64 * 1024);
        var another = () => engine.AskAsync(GenerationRequest.FromText(Long));
        await another.Should().ThrowAsync<ServerBusyException>().WithMessage("Long prompts wait to be encoded, and there is no room for this one of 7200 characters; Serving.MaxEncodingBytes is 65536.");
        (await engine.AskAsync(EventLog.Request(0))).TokenIds.Should().HaveCount(8, "a short one is encoded where it is asked");
        slow.Encoded.Should().Be(1);

        slow.Go.Set();
        foreach (var one in asked) await one.Awaiting(late => late.WaitAsync(TestEngine.Patience)).Should().ThrowAsync<ArgumentException>().WithMessage("*expected fewer than 256*");
        SpinWait.SpinUntil(() => engine.Snapshot.EncodingBytes == 0, TestEngine.Patience).Should().BeTrue();
        engine.MustBeIdle();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("tiny-s")]
    public async Task A_wait_for_encoding_ends_when_the_time_of_the_request_is_up(string? model)
    {
        using var slow = new SlowTokenizers();
        var clock = new ManualClock();
        await using var engine = TestEngine.Build(builder => builder.AddModel(TestData.Model("tiny-s")).ServeFixed().UseStrategy<ITokenizerFactory>(() => slow)
            .Configure(options => (options.Serving.MaxEncodingBytes, options.Serving.MaxQueueTime) = (64 * 1024, TimeSpan.FromSeconds(10))), time: clock);
        await engine.Engine.Ready.WaitAsync(TestEngine.Patience);

        // One is encoded, two wait.
        var encoding = engine.AskAsync(GenerationRequest.FromText(Long) with { Model = model });
        slow.Begun.Wait(TestEngine.Patience).Should().BeTrue();
        var limited = engine.AskAsync(GenerationRequest.FromText(Long) with { Model = model, TimeLimit = TimeSpan.FromSeconds(3) });
        var queued = engine.AskAsync(GenerationRequest.FromText(Long) with { Model = model });
        clock.Advance(TimeSpan.FromSeconds(4));

        var late = await limited.WaitAsync(TestEngine.Patience);
        late.FinishReason.Should().Be(FinishReason.TimeLimit);
        late.TokenIds.Should().BeEmpty();
        late.PromptIds.Should().BeEmpty("the prompt was never encoded");
        queued.IsCompleted.Should().BeFalse();

        clock.Advance(TimeSpan.FromSeconds(7));
        await queued.Awaiting(busy => busy.WaitAsync(TestEngine.Patience)).Should().ThrowAsync<ServerBusyException>().WithMessage("The request waited 10 s to be encoded; Serving.MaxQueueTime is 10 s.*");
        await encoding.Awaiting(busy => busy.WaitAsync(TestEngine.Patience)).Should().ThrowAsync<ServerBusyException>("it waited as long");
        slow.Go.Set();
        SpinWait.SpinUntil(() => engine.Snapshot.EncodingBytes == 0, TestEngine.Patience).Should().BeTrue();
        slow.Encoded.Should().Be(1);
        engine.MustBeIdle();
    }

    [Fact]
    public async Task What_a_caller_does_to_its_lists_changes_nothing()
    {
        await using var engine = await TestEngine.ServeAsync("tiny-s");
        var ids = new List<int> { 5, 6, 7 };
        var stream = engine.Engine.StreamAsync(GenerationRequest.FromTokens(ids) with { MaxTokens = 2 });
        ids[1] = 99_999;
        var updates = 0;
        await foreach (var update in stream) updates++;
        updates.Should().Be(2);
    }

    private static void AddToken(string folder, string content, int id)
    {
        var path = Path.Combine(folder, "tokenizer.json");
        var json = JsonNode.Parse(File.ReadAllText(path))!;
        json["added_tokens"]!.AsArray().Add(new JsonObject
        {
            ["id"] = id,
            ["content"] = content,
            ["single_word"] = false,
            ["lstrip"] = false,
            ["rstrip"] = false,
            ["normalized"] = false,
            ["special"] = false,
        });
        File.WriteAllText(path, json.ToJsonString());
    }

    /// <summary>The model's own tokenizer, which waits over a long text.</summary>
    private sealed class SlowTokenizers : ITokenizerFactory, IDisposable
    {
        public ManualResetEventSlim Begun { get; } = new();

        public ManualResetEventSlim Go { get; } = new();

        public int Thread { get; private set; }

        public int Encoded { get; private set; }

        public long AtLeast { get; init; }

        public ITokenizer TryCreate(CheckpointInfo model) => new Slow(this, TokenizerFiles.LoadFor(model, template: null));

        public void Dispose()
        {
            Begun.Dispose();
            Go.Dispose();
        }

        private sealed class Slow(SlowTokenizers owner, ITokenizer inner) : ITokenizer
        {
            public int VocabularySize => inner.VocabularySize;

            public string Fingerprint => inner.Fingerprint;

            public bool StripsLeadingSpace => inner.StripsLeadingSpace;

            public long CountAtLeast(string text) => owner.AtLeast;

            public IReadOnlyList<int> Encode(string text, bool addSpecialTokens = true)
            {
                if (text == Long)
                {
                    owner.Encoded++;
                    owner.Thread = Environment.CurrentManagedThreadId;
                    owner.Begun.Set();
                    owner.Go.Wait(TestEngine.Patience);
                }

                return inner.Encode(text, addSpecialTokens);
            }

            public string Decode(IEnumerable<int> ids, bool skipSpecialTokens = true) => inner.Decode(ids, skipSpecialTokens);

            public ReadOnlySpan<byte> GetBytes(int id) => inner.GetBytes(id);
        }
    }
}
