"""Values -> findings. Pure: nobody is asked, nothing is changed."""
