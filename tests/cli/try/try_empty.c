/* A library that defines no malloc. */
int try_empty(void);

int try_empty(void)
{
    return 0;
}
