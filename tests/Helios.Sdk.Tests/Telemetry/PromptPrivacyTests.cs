using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Helios.Sdk.Tests.Hosting;
using Helios.Sdk.Tests.Hosting.Chat;
using Microsoft.Extensions.Logging;
using EventLog = Helios.Sdk.Tests.Hosting.EventLog;

namespace Helios.Sdk.Tests.Telemetry;

/// <summary>What is asked and answered is in no log at any level, in no activity and in no reason of a decision, however a request ends.</summary>
public sealed class PromptPrivacyTests
{
    private const string Secret = "zebracorn";
    private const string Template = "{% if messages[0].content[:6] == 'refuse' %}{{ raise_exception('no: ' ~ messages[0].content) }}{% elif messages[0].content[:4] == 'fail' %}{{ messages[0].content + 1 }}{% endif %}{% for m in messages %}{{ m.role }}: {{ m.content }}{% endfor %}";

    private static readonly GenerationRequest Asked = GenerationRequest.FromText($"Once upon a time there was a {Secret}.") with { MaxTokens = 12, IgnoreEndOfSequence = true, Stop = [$"the {Secret}"] };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Prompts_and_answers_are_nowhere_unless_asked_for(bool capture)
    {
        using var traced = new Spoken();
        using var folder = ChatFolders.Create(Template);
        var answers = new List<GenerationResult>();
        var said = new List<string>();
        var engine = TestEngine.Build(builder => builder
            .AddModel(folder.Path, "chat").AddModel(TestData.Model("tiny-m"))
            .EvaluateCandidates(candidates: 2, requestsPerCandidate: 3)
            .Configure(options => options.Telemetry.CaptureContent = capture));
        await using (engine)
        {
            var events = new EventLog(engine.Engine);
            await events.EvaluateAsync(engine);
            answers.Add(await engine.AskAsync(Asked));
            answers.Add(await engine.AskAsync(Talk(Secret)));
            answers.Add(await engine.AskAsync(Asked with { FullDepth = true, Priority = RequestPriority.High, Tenant = "one" }));
            await engine.Engine.Lab.ScoreAsync("chat", answers[0].PromptIds);
            foreach (var refused in Refused()) (await Record.ExceptionAsync(() => engine.AskAsync(refused))).Should().NotBeNull();
            await CancelAsync(engine);
            engine.Engine.Reassess();
            await events.WaitAsync("reassessed", 1);
            said.AddRange(engine.Engine.Decisions.Select(decision => decision.ToString()));
        }

        engine.Log.Of(LogLevel.Trace).Should().NotBeEmpty();

        // The longest words of each answer that JSON writes as they are.
        var words = answers.Select(answer => Regex.Matches(answer.Text, "[A-Za-z ,.]+", RegexOptions.NonBacktracking).MaxBy(words => words.Length)!.Value).Where(words => words.Length >= 12).Prepend(Secret).ToList();
        words.Should().HaveCountGreaterThan(1, "some answer is long enough to be found");
        foreach (var word in words)
        {
            engine.Log.Everything.Concat(said).Should().NotContain(line => line.Contains(word, StringComparison.Ordinal));
            traced.Everything.Any(line => line.Contains(word, StringComparison.Ordinal)).Should().Be(capture, "activities have {0} when they are to", word);
        }
    }

    [Fact]
    public async Task A_device_that_fails_tells_no_prompt()
    {
        FaultyBackend? faulty = null;
        var engine = TestEngine.Build(builder => builder.AddModel(TestData.Model("tiny-s")).ServeFixed(), backend => faulty = new FaultyBackend(backend));
        engine.MayFail = true;
        await using (engine)
        {
            await engine.AskAsync(Asked);
            faulty!.BeforeStep = (_, _) => throw new InvalidOperationException("the device is gone");
            (await Record.ExceptionAsync(() => engine.AskAsync(Asked)))!.ToString().Should().Contain("the device is gone").And.NotContain(Secret);
        }

        engine.Log.Everything.Should().NotBeEmpty().And.NotContain(line => line.Contains(Secret, StringComparison.Ordinal));
    }

    private static GenerationRequest Talk(string content) => GenerationRequest.FromMessages([new ChatTurn("user", content)]) with { Model = "chat", MaxTokens = 12, IgnoreEndOfSequence = true };

    /// <summary>Requests that come to nothing, each for another reason.</summary>
    private static IEnumerable<GenerationRequest> Refused() =>
    [
        Asked.WithText(string.Concat(Enumerable.Repeat(Secret + " ", 1000))),
        Asked with { MaxTokens = 100_000 },
        Asked with { Model = "nobody" },
        Asked with { Stop = [new string('x', 2000) + Secret] },
        Talk("refuse the " + Secret),
        Talk("fail the " + Secret),
        Talk(Secret) with { Model = "tiny-m" },
    ];

    private static async Task CancelAsync(TestEngine engine)
    {
        using var stop = new CancellationTokenSource();
        var thrown = await Record.ExceptionAsync(async () =>
        {
            await foreach (var _ in engine.Engine.StreamAsync(Asked with { MaxTokens = null }, stop.Token)) await stop.CancelAsync();
        });
        thrown.Should().BeAssignableTo<OperationCanceledException>();
    }

    /// <summary>Everything that activities of this test's requests say.</summary>
    private sealed class Spoken : IDisposable
    {
        private readonly ConcurrentQueue<string> everything = new();
        private readonly ActivitySource source = new("PromptPrivacy");
        private readonly ActivityListener listener;
        private readonly Activity caller;

        public Spoken()
        {
            listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name is HeliosTelemetry.ActivitySourceName or "PromptPrivacy",
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = Keep,
            };
            ActivitySource.AddActivityListener(listener);
            caller = source.StartActivity("caller")!;
        }

        public IEnumerable<string> Everything => everything;

        public void Dispose()
        {
            caller.Dispose();
            listener.Dispose();
            source.Dispose();
        }

        private void Keep(Activity activity)
        {
            if (activity.TraceId != caller?.TraceId) return;
            everything.Enqueue($"{activity.OperationName} {activity.DisplayName} {activity.StatusDescription}");
            foreach (var (name, value) in activity.TagObjects) everything.Enqueue(value is IEnumerable<string> several ? $"{name}={string.Join('\n', several)}" : $"{name}={value}");
            foreach (var note in activity.Events) everything.Enqueue($"{note.Name} {string.Join(' ', note.Tags.Select(tag => $"{tag.Key}={tag.Value}"))}");
        }
    }
}
