using Helios.Cli.Chatting;

namespace Helios.Cli.Tests.Commands;

/// <summary><c>helios chat</c>, with its lines from a pipe.</summary>
public sealed class ChatCommandTests : IDisposable
{
    private readonly TempFolder folder = new();

    public ChatCommandTests()
    {
        foreach (var file in Directory.GetFiles(TestData.TinyS)) File.Copy(file, Path.Combine(folder.Path, Path.GetFileName(file)));
        folder.Write("chat_template.jinja", "{% for m in messages %}{% if m.content == 'no' %}{{ raise_exception('Not that.') }}{% endif %}{{ m.content }} {% endfor %}");
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Answers_lines_over_the_chat_template_and_keeps_the_conversation()
    {
        var chat = await ChatAsync("Once upon a time", "and then", "/stats", "/point", "/exit", "never read");
        chat.Code.Should().Be(ExitCode.Done);
        chat.Out.Should().NotContain("\u001b", "a pipe has no colours");
        var first = await GenerateAsync("Once upon a time ");
        var second = await GenerateAsync($"Once upon a time {first} and then ");
        chat.Out.Should().Be(first + Environment.NewLine + second + Environment.NewLine, "the template renders what was said before, {0}", chat.Error);
        chat.Error.Should().Contain("/help lists the commands").And.Contain("last answer: 6 tokens (length)").And.Contain("all answers: 12 tokens, mean depth")
            .And.Contain("layers, ").And.NotContain("never read");
    }

    [Fact]
    public async Task Forgets_what_was_said_and_knows_its_commands()
    {
        var chat = await ChatAsync("/stats", "Tom", "/reset", "Tom", "", "/nothing", "/help");
        chat.Code.Should().Be(ExitCode.Done, "the end of the input ends it");
        var answers = chat.Out.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        answers.Should().HaveCount(2);
        answers[1].Should().Be(answers[0]);
        chat.Error.Should().Contain("Nothing was answered yet.").And.Contain("The conversation begins anew.").And.Contain("There is no command '/nothing'").And.Contain("Ctrl+C ends an answer");
    }

    [Fact]
    public async Task Goes_on_after_a_question_that_was_refused()
    {
        var chat = await ChatAsync("no", "Tom");
        chat.Code.Should().Be(ExitCode.Done);
        chat.Error.Should().Contain("Not that.");
        chat.Out.Should().Be(await GenerateAsync("Tom ") + Environment.NewLine);
    }

    [Fact]
    public void The_key_ends_an_answer_once_and_nothing_else()
    {
        using var interrupts = new Interrupts();
        interrupts.Press().Should().BeFalse("without an answer it ends the program");
        var answer = interrupts.Begin(CancellationToken.None);
        interrupts.Press().Should().BeTrue();
        answer.IsCancellationRequested.Should().BeTrue();
        interrupts.Press().Should().BeFalse("the second one ends the program");
        interrupts.End();
        interrupts.Begin(CancellationToken.None).IsCancellationRequested.Should().BeFalse();
    }

    private async Task<CliResult> ChatAsync(params string[] lines)
    {
        var before = Console.In;
        Console.SetIn(new StringReader(string.Join('\n', lines)));
        try
        {
            return await CliRunner.RunAsync("chat", folder.Path, "--max-tokens", "6");
        }
        finally
        {
            Console.SetIn(before);
        }
    }

    private async Task<string> GenerateAsync(string prompt) => (await CliRunner.JsonAsync("generate", folder.Path, "--prompt", prompt, "--max-tokens", "6")).Text("text")!;
}
